/**
 * The third-party modules that sources and tests import in a browser.
 *
 * Vite prepares dependencies before it serves them. One that it meets late makes it reload the page under a running
 * test, so we tell it all of them beforehand.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { root } from './tools.mjs';

const nodePackages = new Set(['node', 'swiftshader', 'cli']);
// Statements at the start of a line, without those of types only; and imports inside expressions.
const importOf = /^(?:import|export)\b(?! type\b)(?:[^'"]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

function* sources(folder) {
  for (const name of ['src', 'test']) {
    let entries = [];
    try {
      entries = readdirSync(join(folder, name), { recursive: true });
    } catch {
      continue;
    }
    for (const entry of entries) if (/\.ts$/.test(entry) && !/\.node\./.test(entry)) yield join(folder, name, entry);
  }
}

/** @returns {string[]} Module names as they are imported, e.g. `fflate`, sorted. */
export function browserDependencies() {
  const found = new Set();
  for (const name of readdirSync(join(root, 'packages'))) {
    if (nodePackages.has(name)) continue;
    for (const file of sources(join(root, 'packages', name))) {
      for (const [, stated, asked] of readFileSync(file, 'utf8').matchAll(importOf)) {
        const id = stated ?? asked;
        const own = /^[.#]|^@infnet\/|^node:|^vitest(\/|$)|\.wgsl$/.test(id);
        if (!own && !builtinModules.includes(id)) found.add(id);
      }
    }
  }
  return [...found].sort();
}
