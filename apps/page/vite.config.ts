/**
 * The page as static files in `dist/page`: every path is relative, so that any host and any folder will do. A service
 * worker with the list of these files makes it work offline. The libraries that Compare compares with are taken in only
 * where they are installed (`npm ci --prefix benchmarks/peers`).
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin, type UserConfig } from 'vite';
import { wgsl } from '../../scripts/wgsl-plugin.mjs';
import { HEADER, POLICY } from './policy.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const peers = join(here, '../../benchmarks/peers/node_modules');
const packages = readdirSync(join(here, '../../packages')).map((name) => `@infnet/${name}`);
const builtin = 'weights/phantom.safetensors';

/** Fetched when they are needed, not beforehand: only Compare wants them. */
const LATE = /\/(ort|tfjs)-[^/]*$/;

function peerModules(): Plugin {
  const has = existsSync(join(peers, 'onnxruntime-web')) && process.env['INFNET_NO_PEERS'] === undefined;
  const file = (path: string): string => JSON.stringify(join(peers, path));
  const modules: Readonly<Record<string, string>> = has
    ? {
        'peer:tfjs': `import * as core from ${file('@tensorflow/tfjs-core/dist/index.js')};
import ${file('@tensorflow/tfjs-backend-webgpu/dist/index.js')};
export const tfjs = core;`,
        'peer:ort': `import * as web from ${file('onnxruntime-web/dist/ort.webgpu.bundle.min.mjs')};
import url from ${file('onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm?url')};
export const ort = web;
export const wasmUrl = new URL(url, import.meta.url).href;`,
      }
    : {
        'peer:tfjs': 'export const tfjs = undefined;',
        'peer:ort': 'export const ort = undefined; export const wasmUrl = undefined;',
      };
  return {
    name: 'infnet:peers',
    enforce: 'pre',
    resolveId: (id) => (id in modules ? `\0${id}` : null),
    load: (id) => (id.startsWith('\0peer:') ? modules[id.slice(1)] : null),
  };
}

/**
 * Tasks besides the built-in one: `INFNET_PAGE_TASKS` names modules whose default export is a `SegmentationTask`,
 * relative to where the build is started, separated by commas. They are part of the page: what they import is bundled.
 */
function ownTasks(): Plugin {
  const files = (process.env['INFNET_PAGE_TASKS'] ?? '').split(',').filter((file) => file !== '');
  const imports = files.map((file, i) => `import task${i} from ${JSON.stringify(resolve(file))};\n`);
  const list = files.map((_, i) => `task${i}`).join(', ');
  return {
    name: 'infnet:tasks',
    enforce: 'pre',
    resolveId: (id) => (id === 'page:tasks' ? `\0${id}` : null),
    load: (id) => (id === '\0page:tasks' ? `${imports.join('')}export default [${list}];` : null),
  };
}

/**
 * Puts the policy into `index.html` and `sw.js`, the names of all files into `sw.js`, and into both a version that
 * changes with any of them.
 */
function serviceWorker(): Plugin {
  return {
    name: 'infnet:service-worker',
    apply: 'build',
    enforce: 'post',
    transformIndexHtml(html) {
      const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}" />`;
      return html.replace('<head>', `<head>\n    ${policy}\n    <meta name="build" content="__VERSION__" />`);
    },
    generateBundle(_, bundle) {
      const worker = readFileSync(join(here, 'src/sw.js'), 'utf8');
      const hash = createHash('sha256').update(worker);
      for (const [name, file] of Object.entries(bundle)) {
        hash.update(name).update(file.type === 'chunk' ? file.code : file.source);
      }
      const names = Object.keys(bundle).filter((name) => !LATE.test(name) && !name.endsWith('.map'));
      for (const name of ['icon.svg', 'manifest.webmanifest', builtin]) {
        const path = join(here, 'public', name);
        if (!existsSync(path)) continue;
        names.push(name);
        hash.update(readFileSync(path));
      }
      const version = hash.digest('hex').slice(0, 12);
      const page = bundle['index.html'];
      if (page?.type === 'asset') page.source = String(page.source).replace('__VERSION__', version);
      const source = worker
        .replaceAll('__VERSION__', version)
        .replace('__POLICY__', JSON.stringify(HEADER))
        .replace('__FILES__', JSON.stringify(['./', ...names.filter((name) => name !== 'index.html').sort()]));
      this.emitFile({ type: 'asset', fileName: 'sw.js', source });
    },
  };
}

const config: UserConfig = defineConfig({
  root: here,
  base: './',
  plugins: [wgsl(), peerModules(), ownTasks(), serviceWorker()],
  resolve: {
    conditions: ['@infnet/source', 'browser', 'import', 'module', 'default'],
    // Tasks of others may lie anywhere: operators and modules are told by identity, so there is one of each.
    dedupe: packages,
  },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  define: {
    __IS_BUILT__: JSON.stringify(process.argv.includes('build') || process.env['INFNET_PAGE_BUILD'] === '1'),
    __BUILTIN_WEIGHTS__: JSON.stringify(existsSync(join(here, 'public', builtin)) ? builtin : ''),
  },
  worker: { format: 'es', plugins: () => [wgsl(), peerModules(), ownTasks()] },
  build: { outDir: 'dist/page', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1500 },
  server: { fs: { allow: [join(here, '../..')] } },
});

export default config;
