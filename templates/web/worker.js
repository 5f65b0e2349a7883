// Shows what is pushed to this browser, and leads to its page. Embedded by hosts with importScripts().
'use strict';
self.addEventListener('push', (event) => {
  const told = event.data.json();
  event.waitUntil(self.registration.showNotification(told.title, {
    body: told.body, tag: told.tag, renotify: true, lang: 'fr', data: told.url,
  }));
});
self.addEventListener('notificationclick', (event) => {
  const url = event.notification.data;
  event.notification.close();
  event.waitUntil(clients.matchAll({ type: 'window', includeUncontrolled: true }).then((pages) => {
    const open = pages.find((page) => page.url === url);
    return open ? open.focus() : clients.openWindow(url);
  }));
});
