/** A data set in the form `@infnet/trainer` asks for. */
import type { Dataset, SampleOptions } from './dataset.js';

/** Fits the trainer's `TrainingData`: inputs `image`, `mask` and `edge`, float32, NCHW. */
export interface DatasetTraining {
  readonly length: number;
  /** Shapes without the batch dimension. */
  readonly inputs: Readonly<Record<'image' | 'mask' | 'edge', readonly number[]>>;
  /** `seed` is the item's own number, which says how it is augmented. */
  batch(
    items: readonly { readonly index: number; readonly seed: number }[],
  ): Promise<Readonly<Record<'image' | 'mask' | 'edge', Float32Array>>>;
  name(index: number): string;
}

export function trainingData(dataset: Dataset, options: SampleOptions): DatasetTraining {
  const { size } = options;
  return {
    length: dataset.length,
    inputs: { image: [3, size, size], mask: [1, size, size], edge: [1, size, size] },
    async batch(items) {
      const random = items.map(({ seed }) => seed);
      const { image, mask, edge } = await dataset.batch(
        items.map(({ index }) => index),
        { ...options, random },
      );
      return { image: image.data, mask: mask.data, edge: edge.data };
    },
    name: (index) => dataset.items[index]?.image ?? String(index),
  };
}
