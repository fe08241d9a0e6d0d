/** Labels that a net makes of slices, to train on: soft masks of tasks with two classes, else class maps. */
import { type GreyImage, resizeBilinearFloat } from '@infnet/data';
import { encodeLabel, type LabelEncoding } from '@infnet/trainer';
import { probabilityOf } from '../decide.js';
import type { EachOptions, Network, NetworkSize } from '../network.js';
import type { SegmentationTask, TaskData, TaskNet, TaskSlice } from '../task.js';

export interface PseudoLabel {
  readonly index: number;
  /** At the slice's own size: 0 to 255 of two classes, else the classes. */
  readonly label: GreyImage;
  /** Share of the slice that is no background; of a soft mask what is above 128. */
  readonly share: number;
}

export interface PseudoLabelOptions extends NetworkSize {
  readonly encoding: LabelEncoding;
}

interface Item {
  readonly index: number;
  readonly slice: TaskSlice;
}

/**
 * Labels of all slices, in their order.
 *
 * @param onFailed gets the slices that have none, and why
 * @throws InfnetError `RUN_ABORTED`, `CONTEXT_LOST`, ...
 */
export async function* pseudoLabels(
  task: SegmentationTask,
  network: Network,
  data: TaskData,
  options: PseudoLabelOptions,
  {
    signal,
    onFailed,
  }: Pick<EachOptions<Item>, 'signal'> & { onFailed(error: unknown, index: number): void | Promise<void> },
): AsyncGenerator<PseudoLabel, void, undefined> {
  const indices = Array.from({ length: data.length }, (_, index) => index);
  const load = async (index: number): Promise<Item> => ({ index, slice: await data.slice(index) });
  for await (const { item, logits } of network.each(indices, load, options, { signal })) {
    const { index, slice } = item;
    try {
      const label = labelOf(task, network.net, logits, slice, { ...options, where: data.names[index] ?? '' });
      yield { index, label, share: share(label.data, task.classes.length === 2 ? 128 : 0) };
    } catch (error) {
      await onFailed(error, index);
    }
  }
}

function labelOf(
  { classes }: SegmentationTask,
  net: TaskNet,
  logits: Float32Array,
  { image: { width, height } }: TaskSlice,
  { size, encoding, where }: PseudoLabelOptions & { readonly where: string },
): GreyImage {
  const how = { size, where, what: 'label for this slice' };
  if (classes.length > 2) return net.interpret(logits, { width, height }, how).labels;
  // Stretched at the net's size as the released generator does, then brought to the slice's own: its masks have the
  // net's size, so that the released loader drops them (quirk 19).
  const probability = probabilityOf(net.interpret(logits, { width: size, height: size }, how));
  const bytes = encodeLabel(encoding, probability.data);
  const map = { width: size, height: size, data: Float32Array.from(bytes, (v) => v / 255) };
  const data = Uint8Array.from(resizeBilinearFloat(map, width, height).data, (p) => Math.round(255 * p));
  return { width, height, channels: 1, data };
}

function share(label: Uint8Array, above: number): number {
  return label.reduce((sum, v) => sum + Number(v > above), 0) / label.length;
}
