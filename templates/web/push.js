// « Notifications sur cet appareil »: asks the browser, tells the desk. Without this file the rest of the page works.
'use strict';
(async () => {
  const box = document.getElementById('push');
  if (!box) return;
  const [on, off, said] = ['push-on', 'push-off', 'push-said'].map((id) => document.getElementById(id));
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) {
    said.textContent = box.dataset.lacks;
    return;
  }
  const below = '/u/';
  let worker = null;
  let asked = null; // the browser's own subscription, where the desk tells this person by it
  const show = () => { on.hidden = !!asked; off.hidden = !asked; };
  const tell = async (method, what, path = '') => {
    const answer = await fetch(box.dataset.post + path, { method, body: JSON.stringify(what) });
    if (answer.status === 404) throw new Error('the link has ended');
    return answer;
  };
  // One that was made for another key of the desk's brings nothing any more.
  const isOurs = (one) => btoa(String.fromCharCode(...new Uint8Array(one.options.applicationServerKey)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') === box.dataset.key;
  const act = (button, act) => button.addEventListener('click', async () => {
    button.disabled = true;
    said.textContent = '';
    try { await act(); } catch { said.textContent = box.dataset.failed; }
    button.disabled = false;
    show();
    (asked ? off : on).focus();
  });
  const ready = async () => {
    worker = await navigator.serviceWorker.register('/push-worker.js', { scope: below });
    const young = worker.active ? null : worker.installing || worker.waiting;
    if (young) await new Promise((resolve) => young.addEventListener('statechange', () => young.state === 'activated' && resolve()));
  };
  act(on, async () => {
    if (await Notification.requestPermission() !== 'granted') { said.textContent = box.dataset.denied; return; }
    await ready();
    await (await worker.pushManager.getSubscription())?.unsubscribe();
    const fresh = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: box.dataset.key });
    const answer = await tell('POST', fresh.toJSON());
    said.textContent = (await answer.json()).said;
    if (answer.ok) asked = fresh; else await fresh.unsubscribe();
  });
  act(off, async () => {
    const answer = await tell('DELETE', { endpoint: asked.endpoint });
    await asked.unsubscribe();
    asked = null;
    said.textContent = (await answer.json()).said;
  });
  // Looking changes nothing: whoever opens the page of somebody else stays who they are.
  try {
    worker = await navigator.serviceWorker.getRegistration(below);
    const one = await worker?.pushManager.getSubscription();
    if (one && isOurs(one) && (await (await tell('POST', { endpoint: one.endpoint }, '/known')).json()).known) asked = one;
  } catch { said.textContent = box.dataset.failed; }
  show();
})();
