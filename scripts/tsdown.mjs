/**
 * One build for all packages: `export default library()` in a package's `tsdown.config.ts`.
 *
 * The entries are read from the package's own `package.json`: whatever `exports` and `imports` offer under the
 * condition `@infnet/source` is built, so the two cannot drift apart. Modules stay modules (no bundling): what a user
 * does not import is not in their bundle, and a stack trace names the file it came from. Kernels are compiled into
 * JavaScript for those who import the package, and written as `.wgsl` beside it for those who want the text.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readWgsl, wgsl } from './wgsl-plugin.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every source file that the manifest names, e.g. `./src/index.ts`. */
function entriesOf(manifest) {
  const found = new Set();
  const visit = (value, underSource) => {
    if (typeof value === 'string') {
      if (underSource && value.endsWith('.ts')) found.add(value);
    } else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) visit(inner, underSource || key === '@infnet/source');
    }
  };
  visit(manifest.exports, false);
  visit(manifest.imports, false);
  for (const file of Object.values(typeof manifest.bin === 'string' ? { bin: manifest.bin } : (manifest.bin ?? {}))) {
    found.add(file.replace(/^(\.\/)?dist\//, './src/').replace(/\.js$/, '.ts'));
  }
  return [...found].sort();
}

/**
 * What a package's types stand on beyond imports. TypeScript finds `@webgpu/types` by itself only when it is told to,
 * so without this line a user sees `GPUDevice` as an error, or with `skipLibCheck` as `any`; `Disposable` likewise.
 */
function referencesOf(manifest) {
  if (manifest.dependencies?.['@webgpu/types'] === undefined) return '';
  return '/// <reference types="@webgpu/types" />\n/// <reference lib="esnext.disposable" />';
}

/** Writes every kernel of `src`, whole, to the same place in `dist`. */
function copyKernels(folder) {
  for (const name of readdirSync(join(folder, 'src'), { recursive: true })) {
    if (!name.endsWith('.wgsl') || name.endsWith('.part.wgsl')) continue;
    const target = join(folder, 'dist', name);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, readWgsl(join(folder, 'src', name)));
  }
}

/**
 * @param {{ platform?: 'neutral' | 'node' }} [options] `node` only for the packages that may import `node:` modules.
 * @returns {import('tsdown').UserConfig}
 */
export function library({ platform = 'neutral' } = {}) {
  const folder = process.cwd();
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return {
    entry: entriesOf(manifest),
    format: 'esm',
    platform,
    target: 'es2023',
    unbundle: true,
    fixedExtension: false,
    // No maps: a file of dist is a file of src without types, and src lies beside it. They were half of what is
    // installed.
    sourcemap: false,
    clean: true,
    dts: { oxc: true },
    banner: { dts: referencesOf(manifest) },
    tsconfig: join(root, 'tsconfig.base.json'),
    // Everything that is not a file of this package: other packages, Node's modules, `#imports`.
    external: [/^(@[\w-]+\/|[a-z0-9][\w.-]*(\/|$)|node:|#)/],
    plugins: [wgsl({ suffix: '.js', compact: true })],
    hooks: {
      'build:done': () => {
        copyKernels(folder);
        // The licence travels with every tarball; the tree keeps one.
        copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
      },
    },
    logLevel: 'warn',
  };
}
