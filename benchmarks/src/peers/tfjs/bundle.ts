/**
 * tfjs as one file. Its published file for Node has no gradients: they are in separate ES modules that Node cannot load
 * (no extensions, no "type"). A page's bundler joins them; so does this, once, into the peers' own folder.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { peersFolder, peerVersion, requirePeer } from '../installed.js';
import type { Tf } from './api.js';

const CORE = '@tensorflow/tfjs-core';

interface Esbuild {
  buildSync(options: object): unknown;
}

/** tfjs's core with its gradients and one backend, e.g. `webgpu`. */
export function requireTfjs(backend: 'webgpu' | 'cpu'): Tf {
  const version = peerVersion(CORE);
  const folder = join(peersFolder, 'node_modules', '.cache');
  const file = join(folder, `tfjs-${version}-${backend}.cjs`);
  if (!existsSync(file)) {
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
      format: 'cjs',
      platform: 'node',
      mainFields: ['module', 'main'],
      outfile: own,
      logLevel: 'error',
    });
    renameSync(own, file);
  }
  return requirePeer(file) as Tf;
}
