/**
 * How much a page downloads: bundles entry points as a page's build would and compares gzip sizes with the budget.
 *
 * `npm run size` (after `npm run build`). Everything an entry pulls in counts, kernels included.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { root } from './tools.mjs';

/**
 * Kilobytes (1000 bytes) of gzip that each program may cost. The last ones show that a bundler drops what a program
 * does not use: one error class, one operator and one reader must cost what they need and not what their package holds.
 */
const budgets = [
  // 33 before the predictor (2 kB), operators with named operands (1 kB), which every operator needs, and planning in
  // line with the graph (1 kB).
  { name: 'core', limit: 38.5, program: `export * from '@infnet/core';` },
  // 40 before it refused what is wrong, in words that say what to do: a host's buffers, the order of runs and what is
  // loaded (6 kB), dispatches, options and ranges (6 kB); 60 before transposed convolution and products of matrices,
  // which a bundle without them leaves out.
  { name: 'core + conv', limit: 63.2, program: `export * from '@infnet/core'; export * from '@infnet/conv';` },
  {
    name: 'inf-net (run a net)',
    limit: 120,
    program: `export * from '@infnet/core'; export * from '@infnet/inf-net';`,
  },
  { name: 'shape checks of core alone', limit: 2, program: `export { formatShape, sameShape } from '@infnet/core';` },
  { name: 'relu alone', limit: 7.5, program: `export { relu } from '@infnet/nn';` },
  { name: 'safetensors alone', limit: 7.4, program: `export { readSafetensors } from '@infnet/checkpoint';` },
];

const work = join(root, 'node_modules', '.cache', 'infnet', 'size');
mkdirSync(work, { recursive: true });
let over = 0;
for (const [i, { name, limit, program }] of budgets.entries()) {
  const entry = join(work, `${i}.js`);
  writeFileSync(entry, program);
  const result = await build({
    configFile: false,
    root: work,
    logLevel: 'error',
    resolve: { conditions: ['browser', 'import', 'module', 'default'] },
    build: {
      write: false,
      minify: 'esbuild',
      target: 'es2023',
      modulePreload: { polyfill: false },
      // A page's build, not a library's: that of a library keeps the white space for the next bundler.
      rollupOptions: { input: entry, preserveEntrySignatures: 'strict' },
    },
  });
  const chunks = [result].flat().flatMap(({ output }) => output);
  const bytes = chunks.reduce((sum, chunk) => sum + gzipSync(chunk.code ?? chunk.source, { level: 9 }).length, 0);
  const isOver = bytes > limit * 1000;
  if (isOver) over++;
  console.log(`${name}: ${(bytes / 1000).toFixed(1)} kB gzip of ${limit} kB${isOver ? '  OVER BUDGET' : ''}`);
}
process.exitCode = over === 0 ? 0 : 1;
