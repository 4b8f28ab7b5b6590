// Keeps the app for when there is no network. Every file in PAGES was hashed when it was built; nothing else is ever kept, but for the
// files of the version before: a page of it may still ask for them.
const PAGES = {{pages}};
// The pages that everybody keeps; the others are kept by those who were there.
const ALWAYS = [{{always}}];
const CACHE = 'countersign-{{version}}';
const HASHED = /-[0-9a-f]{16}\.\w+$/;

const keep = async (pages) => {
  const cache = await caches.open(CACHE);
  const files = Object.entries(Object.assign({}, ...pages.map((page) => PAGES[page])));
  const request = ([path, integrity]) =>
    new Request(path, { integrity, cache: HASHED.test(path) ? 'default' : 'no-cache' });
  await cache.addAll(files.map(request));
};

addEventListener('install', (event) => {
  const install = async () => {
    const open = await clients.matchAll({ type: 'window', includeUncontrolled: true });
    const there = open.map(({ url }) => new URL(url).pathname);
    const pages = [];
    for (const page of Object.keys(PAGES)) {
      if (ALWAYS.includes(page) || there.includes(page) || (await caches.match(page))) pages.push(page);
    }
    await keep(pages);
    await skipWaiting();
  };
  event.waitUntil(install());
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
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== location.origin) return;
  const isPage = Object.hasOwn(PAGES, pathname);
  if (!isPage && !HASHED.test(pathname)) return;
  const find = async () => {
    const cache = await caches.open(CACHE);
    return (await cache.match(pathname)) ?? caches.match(pathname);
  };
  event.respondWith(find().then((kept) => kept ?? fetch(event.request)));
  if (isPage && mode === 'navigate') {
    // Without a network it is kept another time.
    event.waitUntil(find().then((kept) => kept ?? keep([pathname])).catch(() => {}));
  }
});
