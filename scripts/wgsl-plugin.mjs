/**
 * Turns `import source from './x.wgsl'` into a module whose default export is the file's text.
 *
 * One plugin object serves vite (tests, pages) and rolldown (builds): both call `load` with the absolute file name.
 * Line ends are normalised, so that a checkout on Windows runs the same shader text.
 *
 * A build leaves out comments and indentation: they are for people, who find them in the `.wgsl` files beside the code, and
 * would be a fifth of what a page downloads.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * @param {{ suffix?: string, compact?: boolean }} [options] `suffix` is added to the module's name. A build that keeps modules apart gives
 *   '.js', so that `conv.wgsl` and `conv.ts` do not both become `conv.js`. `compact` drops comments and indentation.
 */
export function wgsl({ suffix = '', compact = false } = {}) {
  return {
    name: 'infnet:wgsl',
    enforce: 'pre',
    resolveId(id, importer) {
      if (suffix === '' || !id.endsWith('.wgsl') || !id.startsWith('.') || importer === undefined) return null;
      return resolve(dirname(importer), id) + suffix;
    },
    async load(id) {
      if (id.includes('?raw') || id.includes('?url')) return null;
      const file = id.split('?')[0];
      if (!file.endsWith(`.wgsl${suffix}`)) return null;
      const text = await readFile(file.slice(0, file.length - suffix.length), 'utf8');
      return {
        code: `export default ${JSON.stringify(compact ? compactText(text) : text.replaceAll('\r\n', '\n'))};\n`,
        map: null,
        moduleType: 'js',
      };
    },
  };
}

/** WGSL has no string literals, so `//` always starts a comment. Directives (`#for`, `#if`) keep their own lines. */
function compactText(text) {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/\/\/.*$/, '').trim());
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}
