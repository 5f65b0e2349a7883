// What a page does beyond its forms: stays fresh, answers the console in place, forgives a double click,
// counts down the time to undo. Every page works without this file.
'use strict';
(() => {
  const POLL = 2000;
  const polite = 30; // polls between two refreshes that only bring the ages up to date
  const announcer = document.getElementById('announcer');

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
    if (!fresh.body.dataset.revision) { location.reload(); return null; }
    document.body.dataset.revision = fresh.body.dataset.revision;
    for (const part of document.querySelectorAll('[data-live]')) {
      const next = fresh.getElementById(part.id);
      if (!next || typing(part)) continue;
      if (part.getAttribute('role') === 'log') { grow(part, next); continue; }
      const open = [...part.querySelectorAll('details[open][id]')].map((d) => d.id);
      const focus = part.contains(document.activeElement) ? document.activeElement.id : '';
      const scroll = part.scrollTop;
      if (!renew(part, next)) part.replaceWith(next);
      next.scrollTop = scroll;
      for (const id of open) document.getElementById(id)?.setAttribute('open', '');
      if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
    }
    return fresh;
  };
  if (document.body.dataset.revision) {
    let polls = 0;
    let busy = false;
    const poll = async () => {
      if (document.hidden || busy) return;
      busy = true;
      try {
        const answer = await fetch('/admin/support/revision', { cache: 'no-store' });
        if (!answer.ok) return;
        const changed = (await answer.text()) !== document.body.dataset.revision;
        polls += 1;
        if (!changed && polls % polite !== 0) return;
        // A page that answers a refused form stands at the form's address, where there is nothing to fetch.
        const page = await fetch(document.body.dataset.here ?? location.href, { cache: 'no-store' });
        if (page.ok && takeOver(await page.text()) && changed) announcer.textContent = announcer.dataset.updated;
      } catch { /* the server is away: the next poll tries again */ } finally { busy = false; }
    };
    setInterval(poll, POLL);
    document.addEventListener('visibilitychange', poll);
  }

  // --- a form is sent once
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method !== 'post' || 'console' in form.dataset) return;
    form.dataset.sent = '1';
    setTimeout(() => { for (const button of form.querySelectorAll('button')) button.disabled = true; });
  });
  window.addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]')) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll('button')) button.disabled = false;
    }
  });

  // --- what is typed and not sent is not lost by leaving the page
  let leaving = false;
  document.addEventListener('submit', () => { leaving = true; });
  window.addEventListener('beforeunload', (event) => {
    const unsent = [...document.querySelectorAll('form[data-keep] textarea')].some((t) => t.value !== t.defaultValue);
    if (unsent && !leaving) event.preventDefault();
  });
  window.addEventListener('pageshow', () => { leaving = false; });

  // --- choosing a template inserts it
  document.querySelector('[data-picker]')?.addEventListener('change', (event) => {
    const text = document.getElementById('reply-text');
    if (!text || text.value === '' || text.value === text.defaultValue) event.target.form.requestSubmit();
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
