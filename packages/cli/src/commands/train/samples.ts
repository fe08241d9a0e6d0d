/** Overlays of a few slices by epoch: what the net sees, growing. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Dataset, encodePng, type FloatMap, overlay } from '@infnet/data';
import { readFile, writeFileAtomic } from '@infnet/node';
import { makeFolder } from '../segment/inputs.js';

/** The truth in another colour than a prediction. */
const TRUTH = { colour: [40, 190, 120], outlineColour: [150, 255, 190] } as const;
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

export class Samples {
  readonly #folder: string;
  readonly #dataset: Dataset;
  readonly #count: number;
  readonly #kept = new Map<number, { truth: Uint8Array; pictures: Map<string, Uint8Array> }>();

  /** @param count of the data set's slices, spread over it */
  constructor(folder: string, dataset: Dataset, count: number) {
    this.#folder = folder;
    this.#dataset = dataset;
    this.#count = Math.min(count, dataset.length);
  }

  /** Which slices are pictured. */
  get indices(): readonly number[] {
    return Array.from({ length: this.#count }, (_, i) => Math.floor((i * this.#dataset.length) / this.#count));
  }

  /** Draws the truth, and takes the pictures of a resumed run from its folder. @throws InfnetError `FILE_...` */
  async open(): Promise<void> {
    for (const index of this.indices) {
      const { image, mask } = await this.#dataset.slice(index);
      const truth = encodePng(overlay(image, mask, TRUTH));
      this.#kept.set(index, { truth, pictures: await readPictures(this.#folderOf(index)) });
    }
  }

  /** Keeps the overlay of a slice under a name. @throws InfnetError `FILE_...` */
  async add(index: number, key: string, probability: FloatMap): Promise<void> {
    const kept = this.#kept.get(index);
    if (kept === undefined) return;
    const png = encodePng(overlay(await this.#dataset.image(index), probability));
    kept.pictures.set(key, png);
    const folder = this.#folderOf(index);
    await makeFolder(folder);
    await writeFileAtomic(join(folder, TRUTH_FILE), kept.truth);
    await writeFileAtomic(join(folder, `${key}.png`), png);
  }

  get all(): readonly Sample[] {
    return this.indices.flatMap((index) => {
      const kept = this.#kept.get(index);
      const name = this.#dataset.names[index] ?? String(index);
      return kept === undefined ? [] : [{ name, ...kept }];
    });
  }

  #folderOf(index: number): string {
    return join(this.#folder, basename(this.#dataset.names[index] ?? String(index)));
  }
}

async function readPictures(folder: string): Promise<Map<string, Uint8Array>> {
  const names = existsSync(folder) ? (await readdir(folder)).sort() : [];
  const pictures = names.filter((name) => /^[^.].*\.png$/.test(name) && name !== TRUTH_FILE);
  return new Map(
    await Promise.all(
      pictures.map(
        async (name): Promise<[string, Uint8Array]> => [name.slice(0, -4), await readFile(join(folder, name))],
      ),
    ),
  );
}
