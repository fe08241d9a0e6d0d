/**
 * The build that this tab is of. Its files are kept for it as long as it is open, offline and when another build is on
 * the host: the service worker (`sw.js`) asks for the lock that is held here before it throws them away.
 */
import { tell } from './notices.js';

declare const __IS_BUILT__: boolean;

/** The cache that the service worker keeps the files of this build in. */
function cacheName(): string {
  const version = document.querySelector<HTMLMetaElement>('meta[name="build"]')?.content;
  return `infnet-page-${new URL('./', document.baseURI).pathname}-build-${version}`;
}

/** Only built pages have a service worker, and only secure ones may: without it the page works, but not offline. */
export async function keepBuild(): Promise<void> {
  if (!__IS_BUILT__ || !('serviceWorker' in navigator)) return;
  const { serviceWorker, locks } = navigator as Navigator & { readonly locks?: LockManager };
  const name = cacheName();
  void locks?.request(name, { mode: 'shared' }, () => new Promise(() => {}));
  let hasOne = serviceWorker.controller !== null;
  serviceWorker.addEventListener('controllerchange', () => {
    // The first one is of this build.
    if (hasOne) tell('A newer version of this page is here. This tab goes on with its own until you reload it.');
    hasOne = true;
  });
  const { active } = await serviceWorker.register(new URL('sw.js', document.baseURI)).then(() => serviceWorker.ready);
  active?.postMessage(name);
}
