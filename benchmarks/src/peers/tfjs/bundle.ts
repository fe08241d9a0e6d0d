/**
 * tfjs as one file. Its published file for Node has no gradients: they are in separate ES modules that Node cannot load
 * (no extensions, no "type"). A page's bundler joins them; so does this, once, into the peers' own folder.
 */
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { peersFolder, peerVersion, requirePeer } from '../installed.js';
import type { Tf } from './api.js';

const CORE = '@tensorflow/tfjs-core';

interface Esbuild {
  buildSync(options: object): unknown;
}

/** tfjs's core with its gradients and one backend, e.g. `webgpu`, in this process. */
export function requireTfjs(backend: 'webgpu' | 'cpu'): Tf {
  return requirePeer(bundleFile(backend, 'node')) as Tf;
}

/** The same as an ES module for a page: its text. */
export function bundleTfjs(backend: 'webgpu' | 'cpu', platform: 'browser'): string {
  return readFileSync(bundleFile(backend, platform), 'utf8');
}

/** The path of the joined file, which is made when it is not there. */
function bundleFile(backend: 'webgpu' | 'cpu', platform: 'node' | 'browser'): string {
  const version = peerVersion(CORE);
  const folder = join(peersFolder, 'node_modules', '.cache');
  const file = join(folder, `tfjs-${version}-${backend}.${platform === 'node' ? 'cjs' : 'mjs'}`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const { buildSync } = createRequire(import.meta.url)('esbuild') as Esbuild;
  const own = `${file}.${process.pid}`;
  buildSync({
    stdin: {
      contents: [
        `import '${CORE}/dist/register_all_gradients';`,
        `import '@tensorflow/tfjs-backend-${backend}';`,
        `export * from '${CORE}';`,
      ].join('\n'),
      resolveDir: peersFolder,
    },
    bundle: true,
    format: platform === 'node' ? 'cjs' : 'esm',
    platform,
    mainFields: ['module', 'main'],
    outfile: own,
    logLevel: 'error',
  });
  renameSync(own, file);
  return file;
}
