/** Phantoms as a data set, so that everything can be tried without a patient's picture. */
import { dataError } from '../errors.js';
import { type Phantom, type PhantomOptions, phantomSlice } from '../phantom/phantom.js';
import { mix32 } from '../phantom/random.js';
import { encodePng } from '../png.js';
import type { DataSource } from './source.js';

export interface PhantomSourceOptions {
  readonly count: number;
  /** Default 0. */
  readonly seed?: number;
  /** False: pictures without masks. Default true. */
  readonly labelled?: boolean;
  /** The same for all of them, e.g. a size or a burden. */
  readonly phantom?: PhantomOptions;
}

/**
 * `count` phantoms in the paper's layout: `Imgs/0.png`, `GT/0.png` and so on, without edges. Made when read; the same seed
 * gives the same bytes everywhere. Open an unlabelled one with `openDataset(source, { labelled: false })`.
 */
export function phantomSource(options: PhantomSourceOptions): DataSource {
  const { count, seed = 0, labelled = true, phantom: look } = options;
  if (!Number.isInteger(count) || count < 1) {
    throw dataError({ code: 'DATA_ARGUMENT', message: `A source of ${count} phantoms cannot be made.` });
  }
  const folders = labelled ? ['Imgs', 'GT'] : ['Imgs'];
  let last: { readonly index: number; readonly phantom: Phantom } | undefined;
  return {
    name: `${count} phantoms, seed ${seed}`,
    list: () => folders.flatMap((folder) => Array.from({ length: count }, (_, i) => `${folder}/${i}.png`)),
    read(path) {
      const [, folder, digits] = /^(Imgs|GT)\/(\d+)\.png$/.exec(path) ?? [];
      const index = Number(digits);
      if (folder === undefined || !folders.includes(folder) || index >= count) {
        throw dataError({ code: 'DATA_ARGUMENT', message: `There is no phantom ${path}.` });
      }
      // A slice's picture and mask are read one after the other.
      if (last?.index !== index) last = { index, phantom: phantomSlice(mix32((seed ^ mix32(index)) >>> 0), look) };
      return encodePng(folder === 'Imgs' ? last.phantom.image : last.phantom.infection);
    },
  };
}
