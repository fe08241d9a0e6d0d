/** Data sets as tasks read them: slices with masks, and slices with class maps and priors. */

import { InfnetError } from '@infnet/core';
import {
  type DataSource,
  type Dataset,
  type GreyImage,
  type MultiClassDataset,
  openDataset,
  openMultiClassDataset,
} from '@infnet/data';
import type { TrainingData, UnlabelledData } from '@infnet/trainer';
import { infNetBatches, joined } from './batches.js';
import type { TaskData, TaskDataOptions, TaskNet, TrainingOptions } from './task.js';

/** How a task makes its batches of a data set of one kind. */
export type Batches<D> = (dataset: D, options: TrainingOptions) => TrainingData;

/** What the sets of both kinds have. */
function common(
  dataset: Dataset | MultiClassDataset,
): Pick<TaskData, 'length' | 'items' | 'names' | 'warnings' | 'store'> {
  const { length, items, names, warnings, store } = dataset;
  return { length, items, names, warnings, store };
}

/** `Imgs` and `GT` with masks, pictures and volumes. @throws InfnetError `DATA_DATASET` with all that is wrong */
export async function openMasks(
  source: DataSource,
  { flat = false, ...options }: TaskDataOptions,
  batches: Batches<Dataset> = infNetBatches,
): Promise<TaskData> {
  const layout = flat ? await flatLayout(source) : {};
  return masksData(await openDataset(source, { ...options, ...layout }), batches);
}

/** Without a folder `Imgs` the slices may lie at the top. */
async function flatLayout(source: DataSource): Promise<object> {
  const paths = await source.list();
  if (paths.some((path) => /(^|\/)Imgs\//i.test(path))) return {};
  return { layout: { images: paths.filter((path) => !path.includes('/')), masks: [] } };
}

/** A data set with masks that was opened. */
export function masksData(dataset: Dataset, batches: Batches<Dataset> = infNetBatches): TaskData {
  return {
    ...common(dataset),
    subset: (indices) => masksData(dataset.subset(indices), batches),
    slice: async (index) => ({ image: await dataset.image(index) }),
    truth: async (index) => (await dataset.slice(index)).mask,
    volumeHeader: (index) => dataset.volumeHeader(index),
    training: (options) => batches(dataset, options),
  };
}

/**
 * `Imgs`, `GT` with class maps, and `Prior` where the task asks for it. Without labels the same as {@link openMasks}.
 *
 * @throws InfnetError `DATA_DATASET` with all that is wrong
 */
export async function openClassMaps(
  source: DataSource,
  options: TaskDataOptions,
  { hasPrior, batches }: { readonly hasPrior: boolean; readonly batches: Batches<MultiClassDataset> },
): Promise<TaskData> {
  if (options.labelled === false) return openMasks(source, options);
  // Nobody looks at the priors of a task that asks for none.
  const none = { prior: ({ image }: { readonly image: Size }): GreyImage => blank(image) };
  return classesData(await openMultiClassDataset(source, { ...options, ...(hasPrior ? {} : none) }), hasPrior, batches);
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function blank({ width, height }: Size): GreyImage {
  return { width, height, channels: 1, data: new Uint8Array(width * height) };
}

function classesData(dataset: MultiClassDataset, hasPrior: boolean, batches: Batches<MultiClassDataset>): TaskData {
  return {
    ...common(dataset),
    subset: (indices) => classesData(dataset.subset(indices), hasPrior, batches),
    async slice(index) {
      const { image, prior } = await dataset.slice(index);
      return hasPrior ? { image, companions: { Prior: prior } } : { image };
    },
    truth: async (index) => (await dataset.slice(index)).classes,
    volumeHeader(index) {
      const message = `${dataset.items[index]?.image} is a picture, no volume.`;
      throw new InfnetError({ code: 'DATA_ARGUMENT', message, where: dataset.store.name });
    },
    training: (options) => batches(dataset, options),
  };
}

/** Slices alone, prepared as labelled ones are (without augmentation), for labels that a net makes. */
export function unlabelledSlices(data: TaskData, net: TaskNet, size: number): UnlabelledData {
  return {
    length: data.length,
    name: (index) => data.items[index]?.image ?? String(index),
    async images(indices) {
      const all = await Promise.all(indices.map(async (index) => net.input(await data.slice(index), size)));
      return new Float32Array(joined(all, 'image'));
    },
  };
}
