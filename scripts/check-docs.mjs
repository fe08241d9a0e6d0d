/**
 * Compiles every ```ts block of every README and of docs/, so that no snippet lies.
 *
 * Each block becomes a module of its own below `.cache/docs`, from where it sees the packages as a user's program in
 * this repository would. What a snippet takes as given is declared in a comment right before it, which readers do not
 * see:
 *
 *     <!-- given: import type { Tensor } from '@infnet/core'; declare const x: Tensor; -->
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root, run, tool } from './tools.mjs';

const skipped = new Set(['node_modules', 'dist', '.git', '.cache', 'reference', '.turbo']);

function* markdownFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* markdownFiles(path);
    else if (entry.name.endsWith('.md')) yield path;
  }
}

const out = join(root, '.cache', 'docs');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
let count = 0;
for (const path of markdownFiles(root)) {
  const text = readFileSync(path, 'utf8');
  for (const match of text.matchAll(/(?:^<!-- given: (.*) -->\n+)?^```ts\n([\s\S]*?)^```/gm)) {
    const [, given = '', code] = match;
    const line = text.slice(0, match.index).split('\n').length + 1;
    const name = `${relative(root, path).replace(/[^\w]+/g, '_')}_line${line}.ts`;
    writeFileSync(join(out, name), `${given}\n${code}\nexport {};\n`);
    count++;
  }
}
const config = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    isolatedDeclarations: false,
    declaration: false,
    lib: ['ES2023', 'ESNext.Disposable', 'DOM'],
    types: ['@webgpu/types', 'node'],
  },
  include: ['*.ts', '../../scripts/wgsl.d.ts'],
};
writeFileSync(join(out, 'tsconfig.json'), JSON.stringify(config));
const { code } = await run([tool('tsc', 'typescript'), '-p', join(out, 'tsconfig.json')]);
console.log(
  code === 0
    ? `${count} documentation snippets compile`
    : 'a documentation snippet does not compile (file names tell which)',
);
process.exitCode = code;
