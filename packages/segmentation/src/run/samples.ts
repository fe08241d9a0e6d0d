/** Overlays of a few slices by epoch: what the net sees, growing. */
import type { RunStore } from './store.js';

/** The folder of the pictures. */
export const SAMPLES = 'samples';
const TRUTH_FILE = 'truth.png';
const MANTISSAS = new Set([1, 1.5, 2, 3, 4, 6, 8]);

export interface Sample {
  readonly name: string;
  readonly truth: Uint8Array;
  /** By what they are of, e.g. `epoch-0010`; their order is that of the names. */
  readonly pictures: ReadonlyMap<string, Uint8Array>;
}

export function epochKey(epoch: number): string {
  return `epoch-${String(epoch).padStart(4, '0')}`;
}

/** 1, 2, 3, 4, 6, 8, 10, 15, 20, 30, ...: often at first, when most happens. */
export function isPictured(epoch: number): boolean {
  return MANTISSAS.has(epoch / 10 ** Math.floor(Math.log10(epoch) + 1e-9));
}

/** The slices of a validation, and how the truth about one is drawn, as PNG. */
export interface SampleSource {
  readonly names: readonly string[];
  truth(index: number): Promise<Uint8Array>;
}

export class Samples {
  readonly #store: RunStore;
  readonly #source: SampleSource;
  readonly #count: number;
  readonly #kept = new Map<number, { truth: Uint8Array; pictures: Map<string, Uint8Array> }>();

  /** @param count of the slices, spread over them */
  constructor(store: RunStore, source: SampleSource, count: number) {
    this.#store = store;
    this.#source = source;
    this.#count = Math.min(count, source.names.length);
  }

  /** Which slices are pictured. */
  get indices(): readonly number[] {
    return Array.from({ length: this.#count }, (_, i) => Math.floor((i * this.#source.names.length) / this.#count));
  }

  /** Draws the truth, and takes the pictures of a resumed run from its folder. @throws InfnetError `FILE_...` */
  async open(): Promise<void> {
    for (const index of this.indices) {
      const truth = await this.#source.truth(index);
      this.#kept.set(index, { truth, pictures: await this.#readPictures(this.#folderOf(index)) });
    }
  }

  /** Keeps the picture of a slice under a name. @throws InfnetError `FILE_...` */
  async add(index: number, key: string, png: Uint8Array): Promise<void> {
    const kept = this.#kept.get(index);
    if (kept === undefined) return;
    kept.pictures.set(key, png);
    const folder = this.#folderOf(index);
    await this.#store.write(`${folder}/${TRUTH_FILE}`, kept.truth);
    await this.#store.write(`${folder}/${key}.png`, png);
  }

  /** Writes all pictures again: their folder is gone. @throws InfnetError `FILE_...` */
  async restore(): Promise<void> {
    for (const [index, { pictures }] of this.#kept) {
      for (const [key, png] of pictures) await this.add(index, key, png);
    }
  }

  get all(): readonly Sample[] {
    return this.indices.flatMap((index) => {
      const kept = this.#kept.get(index);
      const name = this.#source.names[index] ?? String(index);
      return kept === undefined ? [] : [{ name, ...kept }];
    });
  }

  #folderOf(index: number): string {
    const name = this.#source.names[index] ?? String(index);
    return `${SAMPLES}/${name.split('/').at(-1)}`;
  }

  async #readPictures(folder: string): Promise<Map<string, Uint8Array>> {
    const names = await this.#store.list(folder);
    const pictures = names.filter((name) => /^[^.].*\.png$/.test(name) && name !== TRUTH_FILE);
    const read = async (name: string): Promise<[string, Uint8Array][]> => {
      const bytes = await this.#store.read(`${folder}/${name}`);
      return bytes === undefined ? [] : [[name.slice(0, -4), bytes]];
    };
    return new Map((await Promise.all(pictures.map(read))).flat());
  }
}
