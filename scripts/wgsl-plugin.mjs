/**
 * Turns `import source from './x.wgsl'` into a module whose default export is the file's text.
 *
 * One plugin object serves vite (tests, pages) and rolldown (builds): both call `load` with the absolute file name.
 * Line ends are normalised, so that a checkout on Windows runs the same shader text.
 */
import { readFile } from 'node:fs/promises';

/** @returns {{ name: string, enforce: 'pre', load(id: string): Promise<{ code: string, map: null, moduleType: 'js' } | null> }} */
export function wgsl() {
  return {
    name: 'infnet:wgsl',
    enforce: 'pre',
    async load(id) {
      const file = id.split('?')[0];
      if (!file.endsWith('.wgsl') || id.includes('?raw') || id.includes('?url')) return null;
      const text = (await readFile(file, 'utf8')).replaceAll('\r\n', '\n');
      return { code: `export default ${JSON.stringify(text)};\n`, map: null, moduleType: 'js' };
    },
  };
}
