// Keeps the app for when there is no network. Everything in FILES was hashed when it was built; nothing else is ever kept, but for the
// files of the version before: a page of it may still ask for them.
const FILES = {{files}};
const CACHE = 'countersign-{{version}}';

addEventListener('install', (event) => {
  const keep = async () => {
    const cache = await caches.open(CACHE);
    const wanted = Object.entries(FILES);
    await cache.addAll(wanted.map(([path, integrity]) => new Request(path, { integrity, cache: 'no-cache' })));
    await skipWaiting();
  };
  event.waitUntil(keep());
});

addEventListener('activate', (event) => {
  const tidy = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith('countersign-') && name !== CACHE);
    await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
    await clients.claim();
  };
  event.waitUntil(tidy());
});

addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== location.origin) return;
  if (!Object.hasOwn(FILES, pathname) && !/-[0-9a-f]{16}\.\w+$/.test(pathname)) return;
  const answer = async () => {
    const cache = await caches.open(CACHE);
    return (await cache.match(pathname)) ?? (await caches.match(pathname)) ?? fetch(event.request);
  };
  event.respondWith(answer());
});
