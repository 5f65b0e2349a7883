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
  let worker = await navigator.serviceWorker.getRegistration(below);
  let asked = await worker?.pushManager.getSubscription();
  const show = () => { on.hidden = !!asked; off.hidden = !asked; };
  const tell = async (method, what) => {
    const answer = await fetch(box.dataset.post, { method, body: JSON.stringify(what) });
    if (answer.status === 404) throw new Error('the link has ended');
    return answer;
  };
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
  // Services give a browser another address now and then: what it is now told by is said again.
  if (asked && (await tell('POST', asked.toJSON())).status === 422) { await asked.unsubscribe(); asked = null; }
  show();
})();
