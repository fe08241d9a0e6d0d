/**
 * Offline after the first load: all files of this build are kept when it is installed, and answered from there. They
 * are fetched anew, not out of the browser's cache, where those with names that stay may be of an older build. What
 * belongs to Compare's other libraries is kept when it is first used.
 *
 * A new build takes over as soon as it is whole: what is loaded from then on is of it. Tabs that were open go on with
 * the files of theirs, which have their hash in their names and stay until the last of these tabs is reloaded or
 * closed: each holds a lock that is called as the files' cache is (`app/build.ts`).
 *
 * Every answer carries the policy of the page, so that it holds in any worker; requests to others get none. The build
 * fills in version, policy and files.
 */
// Of this folder alone: another one on the same host may hold another build.
const OURS = `infnet-page-${new URL(self.registration.scope).pathname}-`;
const BUILDS = `${OURS}build-`;
const CACHE = `${BUILDS}__VERSION__`;
const FILES = JSON.parse('__FILES__');
const POLICY = __POLICY__;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
// A page of this build has begun: what is older may go.
self.addEventListener('message', (event) => {
  if (event.data === CACHE) event.waitUntil(clean());
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const isOurs = request.method === 'GET' && request.url.startsWith(self.registration.scope);
  if (isOurs) event.respondWith(answer(request));
  else if (new URL(request.url).origin !== self.location.origin) event.respondWith(Response.error());
});

async function install() {
  const names = await caches.keys();
  try {
    await keepFiles(await caches.open(CACHE));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
  // Tabs of builds that knew no locks must be closed first.
  if (!names.some((name) => isOlder(name) && !name.startsWith(BUILDS))) await self.skipWaiting();
}

/** A host that is in the midst of an upload lacks a file, or has a page of another build: it is tried again. */
async function keepFiles(cache) {
  await cache.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })));
  const page = await (await cache.match('./')).text();
  if (!page.includes('__VERSION__')) throw new Error('the page is of another build than its service worker');
}

/** The first ones named theirs without the folder. */
function isOlder(name) {
  return (name.startsWith(OURS) || /^infnet-page-[0-9a-f]{12}$/.test(name)) && name !== CACHE;
}

async function clean() {
  const older = (await caches.keys()).filter(isOlder);
  const remove = (name) => caches.delete(name);
  await Promise.all(older.map((name) => navigator.locks?.request(name, () => remove(name)) ?? remove(name)));
}

async function answer(request) {
  const cache = await caches.open(CACHE);
  const options = { ignoreSearch: true };
  const known = (await cache.match(request, options)) ?? (await caches.match(request, options));
  if (known !== undefined) return withPolicy(known);
  const response = await fetch(request);
  if (response.status === 200) await cache.put(request, response.clone());
  return withPolicy(response);
}

function withPolicy({ body, status, statusText, headers: had }) {
  const headers = new Headers(had);
  headers.set('content-security-policy', POLICY);
  return new Response(body, { status, statusText, headers });
}
