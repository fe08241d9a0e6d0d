/**
 * Offline after the first load: all files of this version are kept when it is installed, and answered from there. They are fetched
 * anew, not out of the browser's cache, where those with names that stay may be of an older version. What belongs to
 * Compare's other libraries is kept when it is first used. A new version waits until the old one's pages are closed, so that no page
 * misses a part of its own. The build fills in version and files.
 */
// Of this folder alone: another one on the same host may hold another version.
const OURS = `infnet-page-${new URL(self.registration.scope).pathname}-`;
const CACHE = `${OURS}__VERSION__`;
const FILES = JSON.parse('__FILES__');

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })))),
  );
});

self.addEventListener('activate', (event) => {
  // Older versions named theirs without the folder.
  const isOld = (name) => (name.startsWith(OURS) || /^infnet-page-[0-9a-f]{12}$/.test(name)) && name !== CACHE;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(isOld).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const isOurs = request.method === 'GET' && request.url.startsWith(self.registration.scope);
  if (isOurs) event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request, { ignoreSearch: true });
  if (known !== undefined) return known;
  const response = await fetch(request);
  if (response.ok && response.status === 200) await cache.put(request, response.clone());
  return response;
}
