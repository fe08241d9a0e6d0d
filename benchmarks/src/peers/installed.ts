/** Libraries that lie in `benchmarks/peers/node_modules`, apart from the workspace. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The same folder from `src` and from `dist`. */
export const peersFolder: string = fileURLToPath(new URL('../../peers/', import.meta.url));

const require = createRequire(peersFolder);

/** Loads a library. Throws Node's error where it is not installed: it names the package. */
export function requirePeer(name: string): unknown {
  return require(name);
}

/** Version of an installed library. */
export function peerVersion(name: string): string {
  return (require(`${name}/package.json`) as { readonly version: string }).version;
}
