// What a page does beyond its forms: stays fresh, answers the console in place, forgives a double click,
// counts down the time to undo. Every page works without this file.
'use strict';
(() => {
  const MINUTE = 60_000; // how often the ages are brought up to date
  const POLL = 5000; // how often is asked where there is no stream
  const announcer = document.getElementById('announcer');

  // What is typed and neither sent nor kept, in any form or in any but one. A page that shows again what was refused or
  // is only looked at holds it nowhere else.
  const saved = (t) => t.dataset.kept ?? ('unsent' in t.dataset ? '' : t.defaultValue);
  const unsent = (but) => [...document.querySelectorAll('form[data-keep] textarea')].some((t) => t.form !== but && t.value !== saved(t));

  // --- fragments: [data-live] elements are replaced by their namesakes of a page fetched again
  const typing = (part) => {
    const field = document.activeElement;
    return field && part.contains(field) && field.matches('input, select, textarea');
  };
  // A log keeps the lines it has, so that a screen reader says only what is added.
  const grow = (log, next) => {
    const fresh = [...next.children];
    const kept = [...log.children];
    while (kept.length && !kept.every((line, i) => fresh[i]?.isEqualNode(line))) kept.shift().remove();
    log.append(...fresh.slice(kept.length));
  };
  // An HTML version that is open would load again, without what was asked for, if it moved: its entry stays where it
  // is, and the others are renewed around it.
  const renew = (list, next) => {
    const stays = [...list.children].filter((entry) => entry.querySelector('details[open] > iframe') && next.querySelector(`#${CSS.escape(entry.id)}`));
    if (!stays.length) return false;
    for (const entry of [...list.children]) if (!stays.includes(entry)) entry.remove();
    let place = stays[0];
    for (const entry of [...next.children]) {
      if (place?.id !== entry.id) { list.insertBefore(entry, place); continue; }
      place.querySelector('time')?.replaceWith(entry.querySelector('time'));
      place = place.nextElementSibling;
    }
    return true;
  };
  const takeOver = (text) => {
    const fresh = new DOMParser().parseFromString(text, 'text/html');
    // Whoever is signed out is led to the sign-in, but not away from what they wrote.
    if (!fresh.body.dataset.revision) { if (!unsent()) location.reload(); return null; }
    document.body.dataset.revision = fresh.body.dataset.revision;
    for (const part of document.querySelectorAll('[data-live]')) {
      const next = fresh.getElementById(part.id);
      if (!next || typing(part)) continue;
      if (part.getAttribute('role') === 'log') { grow(part, next); continue; }
      const open = [...part.querySelectorAll('details[open][id]')].map((d) => d.id);
      const picked = [...part.querySelectorAll('input[name=pick]:checked')].map((box) => box.id);
      const focus = part.contains(document.activeElement) ? document.activeElement.id : '';
      const scroll = part.scrollTop;
      if (!renew(part, next)) part.replaceWith(next);
      next.scrollTop = scroll;
      for (const id of open) document.getElementById(id)?.setAttribute('open', '');
      for (const id of picked) { const box = document.getElementById(id); if (box) box.checked = true; }
      if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
    }
    return fresh;
  };
  // --- live: a stream says when to look again; a hidden page lets it go, since a browser has few connections to give
  if (document.body.dataset.revision) {
    let busy = false;
    let source = null;
    let polling = 0;
    const refresh = async (changed) => {
      if (document.hidden || busy) return;
      busy = true;
      try {
        // A page that answers a refused form stands at the form's address, where there is nothing to fetch.
        const page = await fetch(document.body.dataset.here ?? location.href, { cache: 'no-store' });
        if (page.ok && takeOver(await page.text()) && changed) announcer.textContent = announcer.dataset.updated;
      } catch { /* the server is away: the next time tries again */ } finally { busy = false; }
    };
    const heard = (revision) => { if (revision !== document.body.dataset.revision) refresh(true); };
    const poll = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch('/admin/support/revision', { cache: 'no-store' });
        if (answer.redirected) { if (!unsent()) location.reload(); return; }
        if (answer.ok) heard(await answer.text());
      } catch { /* the server is away: the next time tries again */ }
    };
    const listen = () => {
      clearInterval(polling);
      const ticket = document.body.dataset.here?.split('/').pop();
      source = new EventSource(`/admin/support/live${ticket ? `?ticket=${ticket}` : ''}`);
      source.addEventListener('revision', (event) => heard(event.data));
      source.addEventListener('present', (event) => {
        const said = document.getElementById('present');
        const sentence = JSON.parse(event.data);
        if (said && said.textContent !== sentence) said.textContent = sentence;
      });
      source.addEventListener('error', () => {
        if (source?.readyState !== EventSource.CLOSED) return;
        source = null;
        polling = setInterval(poll, POLL);
      });
    };
    const wake = () => {
      if (document.hidden) { source?.close(); source = null; clearInterval(polling); return; }
      if (!source) listen();
    };
    wake();
    document.addEventListener('visibilitychange', wake);
    window.addEventListener('pagehide', () => { source?.close(); source = null; });
    window.addEventListener('pageshow', wake);
    setInterval(() => refresh(false), MINUTE);
  }

  // --- a form is sent once
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method !== 'post' || 'console' in form.dataset) return;
    form.dataset.sent = '1';
    setTimeout(() => { for (const button of form.querySelectorAll('button')) button.disabled = true; });
  });
  const again = () => {
    for (const form of document.querySelectorAll('form[data-sent]')) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll('button')) button.disabled = false;
    }
  };
  window.addEventListener('pageshow', again);

  // --- what is typed and not sent is not lost by leaving the page
  let leaving = false;
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'dialog' && !('console' in form.dataset)) leaving = !unsent(form);
  });
  window.addEventListener('beforeunload', (event) => {
    if (leaving || !unsent()) return;
    event.preventDefault();
    // Whoever stays may send what they were about to.
    setTimeout(again);
  });
  window.addEventListener('pageshow', () => { leaving = false; });

  // --- a reply is kept while it is written, and says what is still to be filled in
  const writing = document.querySelector('form[data-draft]');
  if (writing) {
    const text = writing.elements.text;
    const missing = document.getElementById('missing');
    const kept = document.getElementById('kept');
    const known = missing.dataset.brackets.split('\n').filter(Boolean);
    const check = () => {
      const found = known.filter((name) => text.value.includes(`[${name}]`));
      missing.hidden = !found.length;
      missing.querySelector('.names').replaceChildren(...found.flatMap((name, i) => {
        const code = document.createElement('code');
        code.textContent = `[${name}]`;
        return i ? [', ', code] : [code];
      }));
    };
    let waiting = 0;
    let saving = null;
    // What arrives behind the reply would be a draft of what is sent.
    let sent = false;
    writing.addEventListener('submit', () => { sent = true; clearTimeout(waiting); saving?.abort(); });
    window.addEventListener('pageshow', () => { sent = false; });
    const keep = async () => {
      const written = text.value;
      if (written === saved(text) || sent) return;
      saving?.abort();
      saving = new AbortController();
      const fields = new URLSearchParams();
      for (const name of ['csrf', 'key', 'template']) fields.set(name, writing.elements[name].value);
      fields.set('text', written);
      try {
        const answer = await fetch(writing.dataset.draft, { method: 'POST', body: fields, keepalive: written.length < 30_000, signal: saving.signal });
        if (!answer.ok || answer.redirected) {
          kept.textContent = 'Brouillon non gardé\u00a0: connectez-vous de nouveau, dans un autre onglet.';
          return;
        }
        text.dataset.kept = written;
        kept.textContent = written.trim() ? 'Brouillon gardé.' : '';
      } catch { /* the server is away, or something newer is on its way: what is typed next tries again */ }
    };
    text.addEventListener('input', () => {
      check();
      sent = false;
      kept.textContent = '';
      clearTimeout(waiting);
      waiting = setTimeout(keep, 1200);
    });
    document.addEventListener('visibilitychange', () => { if (document.hidden) keep(); });
  }

  // --- choosing a template inserts it
  document.querySelector('[data-picker]')?.addEventListener('change', (event) => {
    const text = document.getElementById('reply-text');
    if (!text || text.value.trim() === '') event.target.form.requestSubmit();
  });

  // --- the time to undo
  const flash = document.querySelector('[data-undo]');
  if (flash) {
    let left = Number(flash.dataset.undo);
    const shown = flash.querySelector('.left');
    const count = setInterval(() => {
      left -= 1;
      if (left > 0) { shown.textContent = ` (${left}\u00a0s)`; return; }
      clearInterval(count);
      flash.querySelector('form').remove();
    }, 1000);
  }

  // --- keyboard
  const sheet = document.getElementById('keys');
  if (sheet) {
    const on = document.getElementById('keys-on');
    const opener = document.getElementById('keys-open');
    const stored = () => { try { return localStorage.getItem('keys') !== 'off'; } catch { return true; } };
    on.checked = stored();
    on.addEventListener('change', () => { try { localStorage.setItem('keys', on.checked ? 'on' : 'off'); } catch { /* until the page is left */ } });
    opener.hidden = false;
    opener.addEventListener('click', () => sheet.showModal());
    const rows = () => [...document.querySelectorAll('table.queue td.subject > a')];
    const move = (by) => {
      const links = rows();
      const at = links.indexOf(document.activeElement?.closest('tr')?.querySelector('td.subject > a'));
      links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
    };
    const go = (id) => {
      const field = document.getElementById(id);
      field?.scrollIntoView({ block: 'center' });
      field?.focus();
    };
    const keys = {
      '/': () => (document.getElementById('search') ? go('search') : location.assign('/admin/support#search')),
      j: () => move(1),
      k: () => move(-1),
      x: () => document.activeElement?.closest('tr')?.querySelector('input[name=pick]')?.click(),
      r: () => go('reply-text'),
      n: () => go('note-text'),
      s: () => document.querySelector('.quick button')?.focus(),
      u: () => { if (document.body.dataset.here) location.assign('/admin/support'); },
      '?': () => sheet.showModal(),
    };
    document.addEventListener('keydown', (event) => {
      const field = event.target;
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && field.matches('form[data-keep] textarea')) {
        event.preventDefault();
        const usual = field.form.querySelector('button.suggested') ?? field.form.querySelector('button:not([formaction])');
        field.form.requestSubmit(usual);
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || !on.checked || sheet.open) return;
      if (field.matches('input:not([type=checkbox]), select, textarea, [contenteditable]')) return;
      const act = keys[event.key];
      if (act) { event.preventDefault(); act(); }
    });
    if (location.hash === '#search') go('search');
  }

  // --- console
  const console_ = document.querySelector('form[data-console]');
  if (console_) {
    const line = console_.elements.line;
    const bottom = () => { const t = document.getElementById('transcript'); t.scrollTop = t.scrollHeight; };
    const lines = () => [...document.querySelectorAll('#transcript [data-line]')].map((p) => p.dataset.line);
    let at = -1; // steps back from the newest line; -1 is the line being typed
    let typed = '';
    bottom();
    line.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
      const known = lines();
      const next = at + (event.key === 'ArrowUp' ? 1 : -1);
      if (next < -1 || next >= known.length) return;
      event.preventDefault();
      if (at === -1) typed = line.value;
      at = next;
      line.value = at === -1 ? typed : known[known.length - 1 - at];
      line.setSelectionRange(line.value.length, line.value.length);
    });
    console_.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (console_.dataset.sent) return;
      console_.dataset.sent = '1';
      try {
        const answer = await fetch(console_.action, { method: 'POST', body: new URLSearchParams(new FormData(console_)) });
        const fresh = takeOver(await answer.text());
        if (!fresh) return;
        const renewed = fresh.querySelector('form[data-console]');
        if (renewed) {
          for (const hidden of renewed.querySelectorAll('input[type=hidden]')) console_.elements[hidden.name].value = hidden.value;
          line.value = renewed.elements.line.value;
        }
        at = -1;
        bottom();
        line.focus();
      } catch { leaving = true; console_.submit(); } finally { delete console_.dataset.sent; }
    });
  }
})();
