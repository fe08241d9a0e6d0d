/** Slices with masks as a trainer wants them: by index, resized as the reference does, in batches, cached. */
import { dataError } from '../errors.js';
import { type ByteImage, type GreyImage, toRgb8 } from '../image.js';
import type { VolumeHeader } from '../nifti/volume.js';
import { resizePillow } from '../resize/pillow.js';
import { type FloatTensor, toSoftTensor, toTensor } from '../tensor.js';
import { type AugmentationOptions, varied } from './augment.js';
import {
  checkNumbers,
  checkSide,
  type DatasetItem,
  ItemSet,
  type ItemStore,
  numberFor,
  withoutBatch,
} from './item-set.js';
import type { LoadedSlice, Slice } from './load.js';

export interface SampleOptions {
  /**
   * Side of the network's input: picture, mask and edge become size x size, whatever their shape, as in the reference.
   */
  readonly size: number;
  /** Default: none. */
  readonly augmentation?: AugmentationOptions;
}

/** Tensors of one slice, or of a batch with the batch dimension first. float32, row-major. */
export interface Sample {
  /** [3, size, size]: RGB, ImageNet mean and standard deviation. */
  readonly image: FloatTensor;
  /** [1, size, size]: 0..1, soft at borders. */
  readonly mask: FloatTensor;
  /** [1, size, size]: 0..1. */
  readonly edge: FloatTensor;
}

/** What a data set and its parts have in common. */
export interface DatasetStore extends ItemStore {
  readonly labelled: boolean;
  load(item: DatasetItem): Promise<LoadedSlice>;
  /** Header of the volume that an item is a slice of. */
  header(item: DatasetItem): Promise<VolumeHeader>;
}

/** Use `openDataset`. */
export class Dataset extends ItemSet<DatasetStore, Dataset> {
  /** Whether there are masks. */
  get labelled(): boolean {
    return this.store.labelled;
  }

  /** The picture alone, at its own size; also of an unlabelled data set. */
  async image(index: number): Promise<ByteImage> {
    return (await this.store.load(this.item(index))).image;
  }

  /**
   * The header of the volume that an item is a slice of, to write results on its grid.
   *
   * @throws `DATA_ARGUMENT` for a picture
   */
  async volumeHeader(index: number): Promise<VolumeHeader> {
    const item = this.item(index);
    if (item.slice !== undefined) return this.store.header(item);
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `${item.image} is a picture, no volume.`,
      where: this.store.name,
    });
  }

  /** Picture, mask and edge at their own size, for validation and overlays. The cache's own: do not write into them. */
  async slice(index: number): Promise<Slice> {
    const item = this.item(index);
    this.#needMasks();
    return (await this.store.load(item)) as Slice;
  }

  /**
   * One training sample. Without augmentation the values equal the released loader's (quirk 18).
   *
   * @param options.random which variation the augmentation makes, see `itemSeed`
   * @throws `DATA_ARGUMENT`, `DATA_DATASET` (a file changed since the data set was opened)
   */
  async sample(index: number, options: SampleOptions & { readonly random?: number }): Promise<Sample> {
    const { image, mask, edge } = await this.batch([index], { ...options, random: [numberFor(options)] });
    return { image: withoutBatch(image), mask: withoutBatch(mask), edge: withoutBatch(edge) };
  }

  /**
   * Samples one after the other: `image` [n, 3, size, size], `mask` and `edge` [n, 1, size, size].
   *
   * @param options.random one number for each of `indices`, needed with augmentation
   */
  async batch(
    indices: readonly number[],
    options: SampleOptions & { readonly random?: readonly number[] },
  ): Promise<Sample> {
    const { size, augmentation, random } = options;
    this.#needMasks();
    checkNumbers(indices, options);
    const area = checkSide(size) ** 2;
    const empty = (channels: number): FloatTensor => ({
      data: new Float32Array(indices.length * channels * area),
      shape: [indices.length, channels, size, size],
    });
    const [image, mask, edge] = [empty(3), empty(1), empty(1)];
    for (const [i, index] of indices.entries()) {
      const slice = varied(await this.slice(index), augmentation, random?.[i]);
      image.data.set(imageTensor(slice.image, size), i * 3 * area);
      mask.data.set(softTensor(slice.mask, size), i * area);
      edge.data.set(softTensor(slice.edge, size), i * area);
    }
    return { image, mask, edge };
  }

  protected with(items: readonly DatasetItem[]): Dataset {
    return new Dataset(this.store, items);
  }

  #needMasks(): void {
    if (this.labelled) return;
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: 'The data set was opened without masks, so there are only pictures.',
      where: this.store.name,
      fix: 'Use image(index), or open it with { labelled: true }.',
    });
  }
}

/** Resizing comes first: grey pictures are resized once, not three times; the bits are the same. */
function imageTensor(image: ByteImage, size: number): Float32Array {
  return toTensor(toRgb8(resizePillow(image, size, size))).data;
}

function softTensor(image: GreyImage, size: number): Float32Array {
  return toSoftTensor(resizePillow(image, size, size)).data;
}
