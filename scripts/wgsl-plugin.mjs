/**
 * Turns `import source from './x.wgsl'` into a module whose default export is the file's text.
 *
 * One plugin object serves vite (tests, pages) and rolldown (builds): both call `load` with the absolute file name.
 * Line ends are normalised, so that a checkout on Windows runs the same shader text.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * @param {{ suffix?: string }} [options] `suffix` is added to the module's name. A build that keeps modules apart gives
 *   '.js', so that `conv.wgsl` and `conv.ts` do not both become `conv.js`.
 */
export function wgsl({ suffix = '' } = {}) {
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
        code: `export default ${JSON.stringify(text.replaceAll('\r\n', '\n'))};\n`,
        map: null,
        moduleType: 'js',
      };
    },
  };
}
