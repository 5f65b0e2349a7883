// The bell of Guichet: <script src="https://support.example/widget.js" data-token="…" async></script>
(() => {
  const me = document.currentScript, { token, worker } = me.dataset, root = new URL(me.src).origin;
  const at = `${root}/u/${token}/widget`;
  const host = document.createElement('guichet-bell'), box = host.attachShadow({ mode: 'open' });
  const style = new CSSStyleSheet();
  style.replaceSync(`:host{position:relative;display:inline-block;font:15px/1.45 system-ui,sans-serif}
button{font:inherit;cursor:pointer;color:inherit;background:none;border:1px solid #8886;border-radius:8px;padding:.35em .7em}
i{font-style:normal;background:#b3261e;color:#fff;border-radius:9px;padding:0 .45em;margin-left:.35em}
div{position:absolute;right:0;z-index:9999;width:min(22em,88vw);max-height:70vh;overflow:auto;margin-top:.4em;padding:.8em;background:#fff;color:#1b1b1f;border:1px solid #8886;border-radius:10px;box-shadow:0 6px 24px #0003}
a{display:block;color:inherit;text-decoration:none;padding:.5em .7em;margin:.4em 0;border-left:4px solid #1a73c7}
a.warning{border-color:#c75b00}a.success{border-color:#1b7f3b}a.new b::after{content:" •";color:#b3261e}
a:hover,a:focus{text-decoration:underline}[hidden]{display:none}
@media(prefers-color-scheme:dark){div{background:#1f2126;color:#eceef2}}`);
  box.adoptedStyleSheets = [style];
  const make = (name, text, more) => Object.assign(document.createElement(name), { textContent: text }, more);
  const bell = make('button'), panel = make('div', '', { hidden: true });
  box.append(bell, panel);
  me.after(host);
  const open = (is) => { panel.hidden = !is; bell.setAttribute('aria-expanded', is); };
  const ask = (path, method, body) => fetch(at + path, { method, body: body && JSON.stringify(body) }).then((r) => r.json());
  const draw = (told) => {
    const n = told.unread, s = n > 1 ? 's' : '';
    bell.replaceChildren('🔔', ...(n ? [make('i', n)] : []));
    bell.setAttribute('aria-label', n ? `Notifications : ${n} non lue${s}` : 'Notifications');
    panel.replaceChildren(...told.notifications.map((one) => {
      const line = make('a', '', { href: one.url, className: one.kind + (one.unread ? ' new' : '') });
      line.append(make('b', one.title), make('br'), one.message);
      line.onclick = () => ask('', 'POST', { id: one.id });
      return line;
    }));
    if (!told.notifications.length) panel.append('Aucune notification.');
    if (n) panel.append(make('button', 'Tout marquer comme lu', { onclick: () => ask('', 'POST', {}).then(draw) }));
    const may = told.push_key && worker && window.PushManager && window.Notification?.permission;
    if (may === 'default') panel.append(make('button', 'M’avertir sur cet appareil', { onclick: () => push(told.push_key) }));
    if (may === 'granted' && !push.done) push(told.push_key);
  };
  const push = async (key) => {
    push.done = true;
    if (await Notification.requestPermission() !== 'granted') return;
    await navigator.serviceWorker.register(worker);
    const { pushManager } = await navigator.serviceWorker.ready;
    await ask('/push', 'POST', await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
    look();
  };
  const look = () => document.hidden || ask('', 'GET').then(draw).catch(() => {});
  bell.onclick = () => open(panel.hidden);
  box.onkeydown = (e) => { if (e.key === 'Escape') { open(false); bell.focus(); } };
  document.addEventListener('click', (e) => e.composedPath().includes(host) || open(false));
  document.addEventListener('visibilitychange', look);
  open(false);
  look();
  setInterval(look, 60000);
})();
