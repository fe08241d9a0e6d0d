/** Pairs of files as a source: pictures one by one, volumes slice by slice. */
import { reasonOn } from '../../errors.js';
import type { SliceSource } from './source.js';

/** Told which of a pair's files is read, so that an error names it. */
export type OnFile = (file: string) => void;

/** The slices of a pair of volumes. */
export interface PairSlices<I> {
  readonly count: number;
  item(index: number): I;
}

export interface PairReaders<P, I> {
  picture(pair: P, onFile: OnFile): Promise<I>;
  volume(pair: P, onFile: OnFile): Promise<PairSlices<I>>;
  /** All were read. */
  finish?(): void;
}

export function pairSource<P extends { readonly prediction: string; readonly isVolume: boolean }, I>(
  pairs: readonly P[],
  { picture, volume, finish }: PairReaders<P, I>,
  told: Pick<SliceSource, 'failed' | 'ignored' | 'notes' | 'facts' | 'settings'>,
): SliceSource<I> {
  let total = pairs.length;
  return {
    ...told,
    get total() {
      return total;
    },
    said: [],
    async *items(signal) {
      for (const pair of pairs) {
        if (signal?.aborted) return;
        let file = pair.prediction;
        const onFile: OnFile = (path) => {
          file = path;
        };
        try {
          if (pair.isVolume) {
            const slices = await volume(pair, onFile);
            total += slices.count - 1;
            for (let i = 0; i < slices.count && !signal?.aborted; i++) yield { item: slices.item(i) };
          } else yield { item: await picture(pair, onFile) };
        } catch (error) {
          yield { failed: { file, ...reasonOn(file, error) } };
        }
      }
      finish?.();
    },
    [Symbol.dispose]() {},
  };
}
