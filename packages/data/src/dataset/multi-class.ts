/**
 * A data set for the second stage: slices, class maps, and the infection priors that the multi-class net gets beside
 * the slice.
 *
 * By default labels are resized by nearest neighbour and encoded as they should be. `asReleased` makes the samples of
 * the released loader instead, with its quirks (24-26), for comparison.
 */
import { type ClassMap, RELEASED_GREYS } from '../classes/class-map.js';
import { classesInput, priorBytes } from '../classes/input.js';
import { type ClassTensor, oneHot, releasedLabels, releasedOneHot } from '../classes/targets.js';
import { dataError } from '../errors.js';
import { type ByteImage, type GreyImage, toGrey8 } from '../image.js';
import { resizeCv2 } from '../resize/cv2.js';
import type { FloatMap } from '../resize/float.js';
import { resizeLabels } from '../resize/labels.js';
import { resizePillow } from '../resize/pillow.js';
import type { FloatTensor } from '../tensor.js';
import { varied } from './augment.js';
import type { ByteCache } from './cache.js';
import type { SampleOptions } from './dataset.js';
import {
  checkNumbers,
  checkSide,
  type DatasetItem,
  ItemSet,
  type ItemStore,
  numberFor,
  withoutBatch,
} from './item-set.js';

export interface MultiClassSampleOptions extends SampleOptions {
  /** Samples as the released loader makes them, quirks 24-26 included. Default false. */
  readonly asReleased?: boolean;
}

/** Tensors of one slice, or of a batch with the batch dimension first. Row-major. */
export interface MultiClassSample {
  /** [6, size, size], float32: slice and prior, three channels each, ImageNet mean and standard deviation. */
  readonly image: FloatTensor;
  /**
   * [size, size], u32: 0 background, 1 ground-glass, 2 consolidation, or the data set's `ignoreIndex`; nearest
   * neighbour, also with `asReleased`.
   */
  readonly classes: ClassTensor;
  /**
   * [3, size, size], float32: channel k is class k, all 0 at pixels that are not to count; with `asReleased` the
   * released code's encoding.
   */
  readonly onehot: FloatTensor;
}

/** A decoded item at its own size. */
export interface MultiClassSlice {
  /** Grey when the file is grey. */
  readonly image: ByteImage;
  readonly classes: ClassMap;
  /** 0..255, of the image's size. */
  readonly prior: GreyImage;
}

/** An item as it lies in the files; the prior may be made from the image. */
export type StoredSlice = Omit<MultiClassSlice, 'prior'> & Partial<Pick<MultiClassSlice, 'prior'>>;

/** What a prior is made from. */
export interface PriorRequest {
  readonly item: DatasetItem;
  readonly image: ByteImage;
}

/** Makes the prior of a slice, e.g. by Inf-Net: bytes 0..255 or probabilities 0..1, of any size. */
export type PriorFunction = (request: PriorRequest) => Promise<GreyImage | FloatMap> | GreyImage | FloatMap;

/** What a multi-class data set and its parts have in common. */
export interface MultiClassStore extends ItemStore {
  /** Pixels of this value in class maps are not to count. */
  readonly ignoreIndex: number | undefined;
  readonly prior: PriorFunction | undefined;
  /** Priors made so far. */
  readonly made: ByteCache<string, GreyImage>;
  load(item: DatasetItem): Promise<StoredSlice>;
}

/** Use `openMultiClassDataset`. */
export class MultiClassDataset extends ItemSet<MultiClassStore, MultiClassDataset> {
  /** Pixels of each class in all items together. */
  get counts(): readonly [number, number, number] {
    const total: [number, number, number] = [0, 0, 0];
    for (const { counts } of this.items) for (const k of [0, 1, 2] as const) total[k] += counts?.[k] ?? 0;
    return total;
  }

  /**
   * Picture, classes and prior at the picture's size. The cache's own: do not write into them.
   *
   * @throws `DATA_ARGUMENT` without a prior: neither files nor a function
   */
  async slice(index: number): Promise<MultiClassSlice> {
    const item = this.item(index);
    const stored = await this.store.load(item);
    return { ...stored, prior: stored.prior ?? (await this.#makePrior(item, stored.image)) };
  }

  /**
   * One training sample.
   *
   * @param options.random which variation the augmentation makes, see `itemSeed`
   * @throws `DATA_ARGUMENT`, `DATA_DATASET` (a file changed since the data set was opened); with `asReleased`
   * `DATA_RELEASED_LABEL` where the released loader fails on its own labels
   */
  async sample(
    index: number,
    options: MultiClassSampleOptions & { readonly random?: number },
  ): Promise<MultiClassSample> {
    const { image, classes, onehot } = await this.batch([index], { ...options, random: [numberFor(options)] });
    return { image: withoutBatch(image), classes: withoutBatch(classes), onehot: withoutBatch(onehot) };
  }

  /**
   * Samples one after the other: `image` [n, 6, size, size], `classes` [n, size, size], `onehot` [n, 3, size, size].
   */
  async batch(
    indices: readonly number[],
    options: MultiClassSampleOptions & { readonly random?: readonly number[] },
  ): Promise<MultiClassSample> {
    const { size, augmentation, random, asReleased = false } = options;
    checkNumbers(indices, options);
    if (asReleased && this.store.ignoreIndex !== undefined) {
      throw dataError({
        code: 'DATA_ARGUMENT',
        message: 'The released code knows no pixels that are not to count, and the data set has ignoreIndex.',
        where: this.store.name,
        fix: 'Leave out asReleased, or open the data set without ignoreIndex.',
      });
    }
    const area = checkSide(size) ** 2;
    const n = indices.length;
    const image = { data: new Float32Array(n * 6 * area), shape: [n, 6, size, size] };
    const classes = { data: new Uint32Array(n * area), shape: [n, size, size] };
    const onehot = { data: new Float32Array(n * 3 * area), shape: [n, 3, size, size] };
    for (const [i, index] of indices.entries()) {
      const slice = varied(await this.slice(index), augmentation, random?.[i]);
      const labels = resizeLabels(slice.classes, size, size);
      const encoded = asReleased
        ? releasedTarget(slice.classes, size, this.items[index]?.mask)
        : oneHot(labels, this.store.ignoreIndex);
      image.data.set(classesInput(slice.image, slice.prior, size, { asReleased }).data, i * 6 * area);
      classes.data.set(labels.data, i * area);
      onehot.data.set(encoded.data, i * 3 * area);
    }
    return { image, classes, onehot };
  }

  async #makePrior(item: DatasetItem, image: ByteImage): Promise<GreyImage> {
    const { prior, made, name } = this.store;
    const kept = made.get(item.image);
    if (kept !== undefined) return kept;
    if (prior === undefined) {
      throw dataError({
        code: 'DATA_ARGUMENT',
        message: 'The multi-class net needs an infection prior beside the slice, and there is none.',
        where: `${name}: ${item.image}`,
        fix: 'Add a folder Prior with a mask or map for every image, or open the data set with { prior: (request) => ... }, e.g. predictions of Inf-Net.',
      });
    }
    const bytes = toGrey8(priorBytes(await prior({ item, image })));
    const { width, height } = image;
    const fits = bytes.width === width && bytes.height === height;
    const resized = fits ? bytes : resizePillow(bytes, width, height);
    made.set(item.image, resized, resized.data.length);
    return resized;
  }

  protected with(items: readonly DatasetItem[]): MultiClassDataset {
    return new MultiClassDataset(this.store, items);
  }
}

/** Greys, bilinear, then the shifted one-hot encoding: quirks 25 and 26. */
function releasedTarget(classes: ClassMap, size: number, where: string | undefined): FloatTensor {
  const greys: GreyImage = { ...classes, data: classes.data.map((v) => RELEASED_GREYS[v] as number) };
  return releasedOneHot(releasedLabels(resizeCv2(greys, size, size)), where);
}
