/**
 * Bundles the packages' tests into plain ES modules that run with `node --test`, without vitest's server and without
 * node_modules (but `webgpu`). The sources are bundled with them: what is tested is this tree, whether or not it was
 * built.
 */
import { readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { root } from '../../scripts/tools.mjs';
import { wgsl } from '../../scripts/wgsl-plugin.mjs';

const shim = fileURLToPath(new URL('./vitest-shim.mjs', import.meta.url));
const VIRTUAL = '\0entry:';
/** Neither on the machine nor needed there: Dawn lies in the bundle, the software adapter is not wanted. */
const external = [/^node:/, 'webgpu', '@infnet/swiftshader'];

/** Test files of a package that run in Node, with the names of their bundles: `conv` has `conv.conv2d.test.mjs`. */
export function testFiles(name) {
  const folder = join(root, 'packages', name, 'test');
  const files = readdirSync(folder, { recursive: true }).filter((file) => isNodeTest(String(file)));
  return files.sort().map((file) => ({ file: join(folder, file), name: `${name}.${basename(file, '.ts')}` }));
}

export const isNodeTest = (file) => file.endsWith('.test.ts') && !file.endsWith('.browser.test.ts');

function entryText({ file }) {
  const title = relative(root, file).replaceAll('\\', '/');
  return `import { runFile } from ${JSON.stringify(shim)};\nawait runFile(${JSON.stringify(title)}, () => import(${JSON.stringify(file)}));\n`;
}

/**
 * @param {readonly string[]} packages names below `packages/`
 * @param {string} out folder of the bundles
 * @returns {Promise<string[]>} names of the files to run
 */
export async function bundleTests(packages, out) {
  const tests = packages.flatMap(testFiles);
  const entries = new Map(tests.map((test) => [VIRTUAL + test.name, entryText(test)]));
  const virtual = {
    name: 'infnet:test-entries',
    resolveId: (id) => (entries.has(id) ? id : null),
    load: (id) => (entries.has(id) ? { code: entries.get(id), moduleType: 'js' } : null),
  };
  const build = await rolldown({
    input: Object.fromEntries(tests.map(({ name }) => [name, VIRTUAL + name])),
    platform: 'node',
    external,
    resolve: {
      alias: { vitest: shim },
      conditionNames: ['@infnet/source', 'node', 'import', 'module', 'default'],
    },
    // Node 20 knows no `using`.
    transform: { target: 'es2022' },
    plugins: [virtual, wgsl()],
    // The manifests say that modules have no side effects, and declaring tests is one.
    treeshake: false,
    logLevel: 'silent',
  });
  await build.write({
    dir: out,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: 'chunk-[name]-[hash].mjs',
  });
  await build.close();
  return tests.map(({ name }) => `${name}.mjs`);
}
