/** Pseudo labels as files: 8-bit grey PNGs that anybody can look at, and a propagation resumes with. */
import { decodeImage, encodePng, type GreyImage, toGrey8 } from '@infnet/data';
import type { PseudoLabel, PseudoLabelStore } from '@infnet/trainer';
import type { RunStore } from './store.js';

/** The folder of the labels. */
export const PSEUDO_LABELS = 'pseudo-labels';

/** Bytes of labels kept in memory beside the files. */
const MOST_BYTES = 2 ** 27;

export interface KeptLabels extends PseudoLabelStore {
  /** Writes all that are in memory again: their folder is gone. @throws InfnetError `FILE_...` */
  restore(): Promise<void>;
}

/** @param names of the unlabelled images, which their labels are called after */
export function labelStore(store: RunStore, names: readonly string[]): KeptLabels {
  const kept = new Map<number, PseudoLabel>();
  let bytes = 0;
  const keep = (index: number, label: PseudoLabel): void => {
    bytes += label.data.length - (kept.get(index)?.data.length ?? 0);
    kept.set(index, label);
    for (const [oldest, { data }] of kept) {
      if (bytes <= MOST_BYTES) break;
      kept.delete(oldest);
      bytes -= data.length;
    }
  };
  const fileOf = (index: number): string => `${PSEUDO_LABELS}/${names[index] ?? index}.png`;
  return {
    async get(index) {
      const known = kept.get(index);
      if (known !== undefined) return known;
      const file = fileOf(index);
      const bytes = await store.read(file);
      if (bytes === undefined) return undefined;
      const { width, height, data }: GreyImage = toGrey8(await decodeImage(bytes, store.where(file)));
      const label = { width, height, channels: 1, data: data as Uint8Array } as const;
      keep(index, label);
      return label;
    },
    async put(index, label) {
      await store.write(fileOf(index), encodePng(label));
      keep(index, label);
    },
    async restore() {
      for (const [index, label] of kept) await store.write(fileOf(index), encodePng(label));
    },
  };
}
