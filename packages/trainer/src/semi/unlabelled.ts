/** What the engine asks of images without masks. */
import type { TensorData } from '@infnet/core';
import type { ItemRequest } from '../trainer/data.js';
import type { PseudoLabel } from './labels.js';

export interface UnlabelledData<N extends string = string> {
  readonly length: number;
  /**
   * The net's inputs [indices.length, ...], one after the other, without augmentation; always the same for an index.
   */
  images(indices: readonly number[]): Promise<Float32Array> | Float32Array;
  /** What to call an image in messages: its file. Default: its index. */
  name?(index: number): string;
  /**
   * The inputs of the loss for one image with its label, e.g. augmented by `request.seed`. Default: `image` from
   * `images`, `mask` and `edge` (`edgeOf`) from the label, divided by 255.
   */
  sample?(
    label: PseudoLabel,
    request: ItemRequest,
  ): Promise<Readonly<Record<N, TensorData>>> | Readonly<Record<N, TensorData>>;
}

export function imageName(data: Pick<UnlabelledData, 'name'>, index: number): string {
  return data.name?.(index) ?? `image ${index}`;
}
