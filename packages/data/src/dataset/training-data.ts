/** A data set in the form `@infnet/trainer` asks for. */
import { dataError } from '../errors.js';
import { predictionInput } from '../prediction.js';
import type { Dataset, SampleOptions } from './dataset.js';
import type { MultiClassDataset, MultiClassSampleOptions } from './multi-class.js';

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

/** Fits the trainer's `UnlabelledData`. */
export interface DatasetUnlabelled {
  readonly length: number;
  name(index: number): string;
  /** [indices, 3, size, size]. */
  images(indices: readonly number[]): Promise<Float32Array>;
}

/** Slices without masks, prepared as labelled ones are (without augmentation). */
export function unlabelledData(dataset: Dataset, size: number): DatasetUnlabelled {
  const area = 3 * size * size;
  return {
    length: dataset.length,
    name: (index) => dataset.items[index]?.image ?? String(index),
    async images(indices) {
      const all = new Float32Array(indices.length * area);
      for (const [i, index] of indices.entries()) all.set(predictionInput(await dataset.image(index), size), i * area);
      return all;
    },
  };
}

/** Fits the trainer's `TrainingData`: inputs `image` (float32, NCHW) and `classes` (u32) or `onehot` (float32). */
export interface MultiClassTraining<T extends 'classes' | 'onehot'> {
  readonly length: number;
  /** Shapes without the batch dimension. */
  readonly inputs: { readonly image: readonly number[] } & Readonly<
    Record<T, { readonly shape: readonly number[]; readonly dtype: 'u32' | 'f32' }>
  >;
  batch(
    items: readonly { readonly index: number; readonly seed: number }[],
  ): Promise<{ readonly image: Float32Array } & Readonly<Record<T, T extends 'classes' ? Uint32Array : Float32Array>>>;
  name(index: number): string;
}

/**
 * A multi-class data set in the form the trainer asks for.
 *
 * @param target `classes` for `crossEntropy` of logits (with the data set's `ignoreIndex`, if it has one), `onehot` for
 *   `bce` of their sigmoid, as the released code trains
 * @throws `DATA_ARGUMENT` for `onehot` of a data set with `ignoreIndex`: it would train "no class" where nothing is to
 *   be learned
 */
export function multiClassTrainingData<T extends 'classes' | 'onehot'>(
  dataset: MultiClassDataset,
  target: T,
  options: MultiClassSampleOptions,
): MultiClassTraining<T> {
  const { size } = options;
  if (target === 'onehot' && dataset.store.ignoreIndex !== undefined) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: 'One-hot targets cannot say which pixels are not to count, and the data set has ignoreIndex.',
      where: dataset.store.name,
      fix: "Train on 'classes' with crossEntropy(logits, classes, { ignoreIndex }).",
    });
  }
  const spec =
    target === 'classes'
      ? { shape: [size, size], dtype: 'u32' as const }
      : { shape: [3, size, size], dtype: 'f32' as const };
  const training = {
    length: dataset.length,
    inputs: { image: [6, size, size], [target]: spec },
    async batch(items: readonly { readonly index: number; readonly seed: number }[]) {
      const random = items.map(({ seed }) => seed);
      const batch = await dataset.batch(
        items.map(({ index }) => index),
        { ...options, random },
      );
      return { image: batch.image.data, [target]: batch[target].data };
    },
    name: (index: number) => dataset.items[index]?.image ?? String(index),
  };
  return training as unknown as MultiClassTraining<T>;
}
