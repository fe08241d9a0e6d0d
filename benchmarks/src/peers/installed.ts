/** Libraries that lie in `benchmarks/peers/node_modules`, apart from the workspace. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The same folder from `src` and from `dist`. */
export const peersFolder: string = fileURLToPath(new URL('../../peers/', import.meta.url));

const require = createRequire(peersFolder);

/** Loads a library. Throws Node's error where it is not installed: it names the package. */
export function requirePeer(name: string): unknown {
  return require(name);
}

/** Version of an installed library. Read from its folder, because not every library offers its manifest. */
export function peerVersion(name: string): string {
  const file = join(peersFolder, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
