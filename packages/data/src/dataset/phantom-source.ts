/** Phantoms as a data set, so that everything can be tried without a patient's picture. */
import { encodeClassMap } from '../classes/class-map.js';
import { dataError } from '../errors.js';
import { type Phantom, type PhantomOptions, phantomSlice } from '../phantom/phantom.js';
import { mix32 } from '../phantom/random.js';
import { encodePng } from '../png.js';
import type { DataSource } from './source.js';

export interface PhantomSourceOptions {
  readonly count: number;
  /** Default 0. Sets of other seeds have other phantoms. */
  readonly seed?: number;
  /**
   * - `infection` (default): `Imgs`, and `GT` with infection masks, for `openDataset`;
   * - `unlabelled`: `Imgs` alone, for `openDataset(source, { labelled: false })` and pseudo labels;
   * - `multi-class`: `Imgs`, `GT` with class maps (palette PNG) and `Prior` with infection masks, for
   *   `openMultiClassDataset`.
   */
  readonly kind?: 'infection' | 'unlabelled' | 'multi-class';
  /** False: the same as `kind: 'unlabelled'`. */
  readonly labelled?: boolean;
  /** The same for all of them, e.g. a size or a burden. */
  readonly phantom?: PhantomOptions;
}

type Encode = (phantom: Phantom) => Uint8Array;

const infection: Encode = (phantom) => encodePng(phantom.infection);
const FOLDERS: Readonly<Record<NonNullable<PhantomSourceOptions['kind']>, Readonly<Record<string, Encode>>>> = {
  infection: { Imgs: ({ image }) => encodePng(image), GT: infection },
  unlabelled: { Imgs: ({ image }) => encodePng(image) },
  'multi-class': {
    Imgs: ({ image }) => encodePng(image),
    GT: ({ classes }) => encodeClassMap(classes),
    Prior: infection,
  },
};

/**
 * `count` phantoms in the paper's layout: `Imgs/0.png`, `GT/0.png` and so on, without edges. Made when read; the same
 * seed gives the same bytes everywhere, and the same slices whatever the kind.
 *
 * @throws `DATA_ARGUMENT` for options out of range
 */
export function phantomSource(options: PhantomSourceOptions): DataSource {
  const { count, seed = 0, labelled = true, phantom: look } = options;
  const { kind = labelled ? 'infection' : 'unlabelled' } = options;
  const folders = FOLDERS[kind] as Readonly<Record<string, Encode>> | undefined;
  if (!Number.isInteger(count) || count < 1 || folders === undefined) {
    const what = folders === undefined ? `of the kind ${kind}` : `of ${count} phantoms`;
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `A source ${what} cannot be made.`,
      fix: `Give a count from 1 on, and a kind: ${Object.keys(FOLDERS).join(', ')}.`,
    });
  }
  let last: { readonly index: number; readonly phantom: Phantom } | undefined;
  return {
    name: `${count} phantoms, seed ${seed}`,
    list: () => Object.keys(folders).flatMap((folder) => Array.from({ length: count }, (_, i) => `${folder}/${i}.png`)),
    read(path) {
      const [, folder = '', digits] = /^(\w+)\/(\d+)\.png$/.exec(path) ?? [];
      const index = Number(digits);
      const encode = Object.hasOwn(folders, folder) ? folders[folder] : undefined;
      if (encode === undefined || index >= count) {
        throw dataError({ code: 'DATA_ARGUMENT', message: `There is no phantom ${path}.` });
      }
      // A slice's picture and masks are read one after the other.
      if (last?.index !== index) last = { index, phantom: phantomSlice(mix32((seed ^ mix32(index)) >>> 0), look) };
      return encode(last.phantom);
    },
  };
}
