/** What the trainer asks of a data set. */
import type { InputSpec, TensorData } from '@infnet/core';

/** One item of a batch. */
export interface ItemRequest {
  /** From 0 to `length` - 1. */
  readonly index: number;
  readonly epoch: number;
  /** For augmentation: a whole number that follows from the training's seed, the epoch and the index. */
  readonly seed: number;
}

/**
 * A data set for training; `N` names its inputs. It must give the same values for the same request, or a resumed
 * training would differ.
 */
export interface TrainingData<N extends string = string> {
  /** Number of items. */
  readonly length: number;
  /** Shape of every input of the loss function, by name, without the batch dimension. */
  readonly inputs: Readonly<Record<N, InputSpec>>;
  /** The items one after the other, for every input. Called for the next batch while the device is busy with one. */
  batch(items: readonly ItemRequest[]): Promise<Readonly<Record<N, TensorData>>> | Readonly<Record<N, TensorData>>;
  /** What to call an item in messages: its file. Default: its index. */
  name?(index: number): string;
}
