/**
 * Whether the batches of a training can be trained on: batch norm of one value per channel has no variance. It is found
 * by tracing the loss of the smallest batch at the smallest size, which takes no device and compiles nothing.
 */
import { InfnetError, type InputSpec, isInfnetError, Tensor, trace } from '@infnet/core';
import { batchSizes, scaledSize, setTrainingMode } from '@infnet/trainer';
import type { TaskNet } from '../task.js';
import { lastBatchOf } from './method.js';
import type { TrainSettings } from './options.js';

const MOST_SIZE = 4096;

/** Why a training cannot be, and what can. */
export interface Untrainable {
  /** A sentence. */
  readonly message: string;
  /** Sizes of batches that would do, the nearest ones. */
  readonly batches: readonly number[];
  /** The next size of pictures that would do. */
  readonly size: number | undefined;
}

/**
 * @param loss one of the task's variants
 * @param items slices to train on
 * @returns undefined where nothing is wrong
 */
export function untrainable(
  net: TaskNet,
  settings: Pick<TrainSettings, 'size' | 'batch' | 'scales' | 'accumulate' | 'freezeBatchNorm' | 'semi'>,
  loss: string,
  items: number,
  lastBatch: 'keep' | 'drop' = settings.semi ? lastBatchOf(settings.size, net) : 'keep',
): Untrainable | undefined {
  const { size, batch, scales, accumulate, freezeBatchNorm } = settings;
  const smallest = (side: number): number =>
    Math.min(...scales.map((scale) => (scale === 1 ? side : scaledSize(side, scale, net.sizeMultiple))));
  const sizesOf = (batchSize: number): number[] =>
    batchSizes({ length: items, batchSize, accumulate, lastBatch, shuffle: false, seed: 0 });
  const known = new Map<string, boolean>();
  const isFit = (count: number, side: number): boolean => {
    const key = `${count} ${side}`;
    const fits = known.get(key) ?? traces(net, count, side, loss, freezeBatchNorm);
    known.set(key, fits);
    return fits;
  };
  const fits = (batchSize: number, side: number): boolean =>
    sizesOf(batchSize).every((count) => isFit(count, smallest(side)));
  if (fits(batch, size)) return undefined;
  const odd = sizesOf(batch).find((count) => !isFit(count, smallest(size))) ?? 1;
  const others = Array.from({ length: items }, (_, i) => i + 1).filter((one) => one !== batch);
  const nearest = others.sort((a, b) => Math.abs(a - batch) - Math.abs(b - batch));
  const sides = Array.from({ length: 8 }, (_, i) => size + (i + 1) * net.sizeMultiple);
  return {
    message: `${items} slices in batches of ${batch} leave a batch of ${odd}, of which the deepest maps at ${smallest(size)} x ${smallest(size)} pixels have one value per channel: that has no variance.`,
    batches: nearest.filter((one) => fits(one, size)).slice(0, 2),
    size: sides.find((side) => side <= MOST_SIZE && fits(batch, side)),
  };
}

/** Whether the loss of a batch can be traced, as far as batch norms are concerned. */
function traces(net: TaskNet, count: number, size: number, loss: string, isFrozen: boolean): boolean {
  const item = { ...net.inputShapes(size), ...net.targets(size, loss) };
  const inputs = Object.entries<InputSpec>(item).map(([name, spec]): [string, InputSpec] => [
    name,
    'shape' in spec ? { ...spec, shape: [count, ...spec.shape] } : [count, ...spec],
  ]);
  const restore = setTrainingMode(net.module, isFrozen);
  try {
    trace((batch) => {
      const made = net.loss(batch, loss);
      return { loss: made instanceof Tensor ? made : made.loss };
    }, Object.fromEntries(inputs));
    return true;
  } catch (error) {
    // Whatever else is wrong is told where the step itself is traced.
    return !isInfnetError(error, 'SHAPE_BATCH_NORM');
  } finally {
    restore();
  }
}

export function untrainableError({ message, batches, size }: Untrainable): InfnetError {
  const ways = [`a batch of ${batches.join(' or ')}`, `size ${size}`, 'freezeBatchNorm: true'];
  const fit = ways.filter((_, i) => (i === 0 ? batches.length > 0 : i === 1 ? size !== undefined : true));
  return new InfnetError({
    code: 'TRAIN_SHAPE',
    message,
    fix: `Give ${fit.join(', or ')}.`,
    details: { batches, size },
  });
}
