/**
 * Turns `import source from './x.wgsl'` into a module whose default export is the file's text.
 *
 * One plugin object serves vite (tests, pages) and rolldown (builds): both call `load` with the absolute file name.
 * Line ends are normalised, so that a checkout on Windows runs the same shader text.
 *
 * A line `#include "./piece.part.wgsl"` stands for that file's text: what several kernels read and write alike is
 * written once. `@infnet/core/kernels/piece.part.wgsl` is a piece in `src/kernels` of another package. It is resolved
 * here, before anything runs, so that the text a package hands out is whole.
 *
 * A build leaves out comments and indentation: they are for people, who find them in the `.wgsl` files beside the code,
 * and would be a fifth of what a page downloads.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { root } from './tools.mjs';

/**
 * @param {{ suffix?: string, compact?: boolean }} [options] `suffix` is added to the module's name. A build that keeps
 *   modules apart gives '.js', so that `conv.wgsl` and `conv.ts` do not both become `conv.js`. `compact` drops comments
 *   and indentation.
 * @returns {{
 *   name: string,
 *   enforce: 'pre',
 *   resolveId: (id: string, importer: string | undefined) => string | null,
 *   load: (id: string) => { code: string, map: null, moduleType: 'js' } | null,
 * }} The shape fits both vite's and rolldown's plugin type.
 */
export function wgsl({ suffix = '', compact = false } = {}) {
  return {
    name: 'infnet:wgsl',
    enforce: 'pre',
    resolveId(id, importer) {
      if (suffix === '' || !id.endsWith('.wgsl') || !id.startsWith('.') || importer === undefined) return null;
      return resolve(dirname(importer), id) + suffix;
    },
    load(id) {
      if (id.includes('?raw') || id.includes('?url')) return null;
      const file = id.split('?')[0];
      if (!file.endsWith(`.wgsl${suffix}`)) return null;
      const text = readWgsl(file.slice(0, file.length - suffix.length), (piece) => this.addWatchFile?.(piece));
      return {
        code: `export default ${JSON.stringify(compact ? compactText(text) : text)};\n`,
        map: null,
        moduleType: 'js',
      };
    },
  };
}

/**
 * The text of a kernel with its pieces in place.
 *
 * @param {string} file
 * @param {(piece: string) => void} [onPiece] Is told of every file that was included.
 * @param {readonly string[]} [within] The files that include this one.
 */
export function readWgsl(file, onPiece = () => {}, within = []) {
  if (within.includes(file)) throw new Error(`${[...within, file].join(' includes ')}: without end`);
  const lines = readFileSync(file, 'utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
  const whole = lines.flatMap((line) => {
    const piece = /^#include "(.+)"$/.exec(line.trim())?.[1];
    if (piece === undefined) return [line];
    const [, name, rest] = /^@infnet\/([\w-]+)\/(.+)$/.exec(piece) ?? [];
    const path = name === undefined ? resolve(dirname(file), piece) : join(root, 'packages', name, 'src', rest);
    onPiece(path);
    return [readWgsl(path, onPiece, [...within, file]).trimEnd()];
  });
  return `${whole.join('\n')}\n`;
}

/** WGSL has no string literals, so `//` always starts a comment. Directives (`#for`, `#if`) keep their own lines. */
function compactText(text) {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/\/\/.*$/, '').trim());
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}
