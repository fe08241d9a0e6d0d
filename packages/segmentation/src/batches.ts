/** What a task learns from: its net's inputs and the targets of its loss, item after item. */
import {
  type Dataset,
  type MultiClassDataset,
  multiClassTrainingData,
  resizeLabels,
  resizePillow,
  toSoftTensor,
  trainingData,
  varied,
} from '@infnet/data';
import type { ItemRequest, TrainingData } from '@infnet/trainer';
import type { TrainingOptions } from './task.js';

/** Of Inf-Net: image, mask and its edge. */
export function infNetBatches(dataset: Dataset, { size, augmentation }: TrainingOptions): TrainingData {
  return trainingData(dataset, { size, ...(augmentation === undefined ? {} : { augmentation }) });
}

/** Of the U-Net: classes for cross entropy, or the three sigmoids of the released labels (quirks 24-27). */
export function unetBatches(dataset: MultiClassDataset, options: TrainingOptions): TrainingData {
  const { size, loss, augmentation } = options;
  const sample = { size, ...(augmentation === undefined ? {} : { augmentation }) };
  return loss === 'as-released'
    ? multiClassTrainingData(dataset, 'onehot', { ...sample, asReleased: true })
    : multiClassTrainingData(dataset, 'classes', sample);
}

/** Of a task with its own input: `mask`, 0 to 1, beside it. */
export function maskBatches(dataset: Dataset, options: TrainingOptions): TrainingData {
  const { net, size, augmentation } = options;
  return ownBatches(dataset, options, async ({ index, seed }) => {
    const loaded = varied(await dataset.slice(index), augmentation, seed);
    const mask = toSoftTensor(resizePillow(loaded.mask, size, size)).data;
    return { ...net.input({ image: loaded.image }, size), mask };
  });
}

/** Of a task with its own input: `classes` beside it. */
export function classMapBatches(dataset: MultiClassDataset, options: TrainingOptions): TrainingData {
  const { net, size, augmentation } = options;
  return ownBatches(dataset, options, async ({ index, seed }) => {
    const loaded = varied(await dataset.slice(index), augmentation, seed);
    const labels = Uint32Array.from(resizeLabels(loaded.classes, size, size).data);
    return { ...net.input({ image: loaded.image }, size), classes: labels };
  });
}

type Values = Readonly<Record<string, Float32Array | Uint32Array>>;

function ownBatches(
  dataset: Dataset | MultiClassDataset,
  { net, size, loss }: TrainingOptions,
  load: (item: ItemRequest) => Promise<Values>,
): TrainingData {
  return {
    length: dataset.length,
    inputs: { ...net.inputShapes(size), ...net.targets(size, loss) },
    async batch(items) {
      const all = await Promise.all(items.map(load));
      return Object.fromEntries(Object.keys(all[0] ?? {}).map((name) => [name, joined(all, name)]));
    },
    name: (index) => dataset.items[index]?.image ?? String(index),
  };
}

/** The values of one name, one item behind the other. */
export function joined(all: readonly Values[], name: string): Float32Array | Uint32Array {
  const parts = all.flatMap((values) => values[name] ?? []);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = parts[0] instanceof Uint32Array ? new Uint32Array(length) : new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
