// The bell of Guichet: <script src="https://support.example/widget.js" data-token="…" async></script>
(() => {
  const me = document.currentScript, { token, worker } = me.dataset, root = new URL(me.src).origin;
  const at = `${root}/u/${token}/widget`, scope = worker && String(new URL('guichet-bell/', new URL(worker, location)));
  const host = document.createElement('guichet-bell'), box = host.attachShadow({ mode: 'open' });
  const style = new CSSStyleSheet();
  style.replaceSync(`:host{position:relative;display:inline-block;font:15px/1.45 system-ui,sans-serif}
button{font:inherit;cursor:pointer;color:inherit;background:none;border:1px solid #8886;border-radius:8px;padding:.35em .7em}
i{font-style:normal;background:#b3261e;color:#fff;border-radius:9px;padding:0 .45em;margin-left:.35em}
div{position:absolute;right:0;z-index:9999;width:min(22em,88vw);max-height:70vh;overflow:auto;margin-top:.4em;padding:.8em;background:#fff;color:#1b1b1f;border:1px solid #8886;border-radius:10px;box-shadow:0 6px 24px #0003}
a{display:block;color:inherit;text-decoration:none;padding:.5em .7em;margin:.4em 0;border-left:4px solid #1a73c7}
a.warning{border-color:#c75b00}a.success{border-color:#1b7f3b}a.new b::after{content:" •";color:#b3261e}
a:hover,a:focus{text-decoration:underline}p{margin:0}[hidden]{display:none}
@media(prefers-color-scheme:dark){div{background:#1f2126;color:#eceef2}}`);
  box.adoptedStyleSheets = [style];
  const make = (name, text, more) => Object.assign(document.createElement(name), { textContent: text }, more);
  const bell = make('button', '🔔', { ariaLabel: 'Notifications' }), panel = make('div', '', { hidden: true });
  const list = make('span', ''), device = make('button', '', { hidden: true }), note = make('p', '', { role: 'status' });
  panel.append(list, device, note);
  box.append(bell, panel);
  me.after(host);
  const open = (is) => { panel.hidden = !is; bell.setAttribute('aria-expanded', is); };
  const ask = async (path, method, body) => {
    const answer = await fetch(at + path, { method, keepalive: true, body: body && JSON.stringify(body) });
    if (!answer.ok) throw answer;
    return answer.json();
  };
  const tried = (act) => async () => {
    note.textContent = '';
    try { await act(); } catch { note.textContent = 'Cela n’a pas fonctionné. Rechargez la page, puis réessayez.'; }
  };
  let drawn;
  const draw = (told) => {
    if (drawn === (drawn = JSON.stringify(told))) return;
    const n = told.unread, had = list.contains(box.activeElement);
    bell.replaceChildren('🔔', ...(n ? [make('i', n)] : []));
    bell.ariaLabel = n ? `Notifications\u00a0: ${n} non lue${n > 1 ? 's' : ''}` : 'Notifications';
    list.replaceChildren(...told.notifications.map((one) => {
      const line = make('a', '', { href: one.url, className: one.kind + (one.unread ? ' new' : '') });
      line.append(make('b', one.title), make('br'), one.message);
      line.onclick = () => ask('', 'POST', { id: one.id }).catch(() => {});
      return line;
    }));
    if (!told.notifications.length) list.append('Aucune notification.');
    if (n) list.append(make('button', 'Tout marquer comme lu', { onclick: tried(async () => draw(await ask('', 'POST', {}))) }));
    if (had) (list.querySelector('a,button') || bell).focus();
    if (told.push_key && scope && window.PushManager) offer(told.push_key).catch(() => {});
  };
  // This browser is told by push, or may be: by a worker of its own, which leaves those of the page alone.
  const offer = async (key) => {
    const all = await navigator.serviceWorker.getRegistrations(), mine = all.find((one) => one.scope === scope);
    const one = await mine?.pushManager.getSubscription();
    const made = one && btoa(String.fromCharCode(...new Uint8Array(one.options.applicationServerKey)));
    const is = made?.replace(/\W/g, '') === key.replace(/\W|_/g, '') && (await ask('/push/known', 'POST', { endpoint: one.endpoint })).known;
    device.textContent = is ? 'Ne plus m’avertir sur cet appareil' : 'M’avertir sur cet appareil';
    device.hidden = false;
    device.onclick = tried(async () => {
      if (!is && await Notification.requestPermission() !== 'granted') return;
      if (is) await ask('/push', 'DELETE', { endpoint: one.endpoint });
      await one?.unsubscribe();
      if (!is) {
        const fresh = await navigator.serviceWorker.register(worker, { scope }), young = fresh.installing || fresh.waiting;
        if (young) await new Promise((done) => { young.onstatechange = () => young.state === 'activated' && done(); });
        await ask('/push', 'POST', await fresh.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
      }
      await offer(key);
    });
  };
  const look = () => document.hidden || ask('', 'GET').then(draw).catch(() => {});
  bell.onclick = () => open(panel.hidden);
  host.addEventListener('keydown', (e) => { if (e.key === 'Escape' && !panel.hidden) { open(false); bell.focus(); } });
  document.addEventListener('click', (e) => e.composedPath().includes(host) || open(false));
  document.addEventListener('visibilitychange', look);
  open(false);
  look();
  setInterval(look, 60000);
})();
