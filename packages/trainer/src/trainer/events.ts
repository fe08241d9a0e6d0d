/** What a training tells while it runs, and what it asks of a validation. */
import type { Context, Module, ParameterStore } from '@infnet/core';
import type { PrepareProgress, TrainingMemory } from './session.js';
import type { Best, Position, TrainerState } from './state.js';

/** What a validation may use. The net is in inference mode. */
export interface Validation {
  readonly context: Context;
  readonly net: Module<never, unknown>;
  readonly parameters: ParameterStore;
  readonly epoch: number;
}

export interface StepEvent {
  readonly epoch: number;
  /** Index of the batch in its epoch, and how many there are. */
  readonly batch: number;
  readonly batches: number;
  readonly scale: number;
  /** Steps of the optimiser, this one included. */
  readonly step: number;
  /** Means over the step's batches. */
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly seconds: number;
  /** Images per second. */
  readonly speed: number;
}

export interface EpochEvent {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  /** Means over the epoch's steps at scale 1 (or at all scales, where 1 is none of them). */
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly seconds: number;
  /** What the validation found, if there was one after this epoch. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
  readonly isBest: boolean;
}

/** What a training tells while it runs. Handlers are awaited, so a slow one slows training. */
export interface TrainerEvents {
  /** Before anything but the parameters is allocated. */
  onMemory?(memory: TrainingMemory): void | Promise<void>;
  onPrepare?(progress: PrepareProgress): void;
  /** Also for the steps that are repeated after a lost device. */
  onStep?(event: StepEvent): void | Promise<void>;
  onEpoch?(event: EpochEvent): void | Promise<void>;
  /** A state to keep: after epochs (`snapshotEpochs`), and within them (`snapshotEvery` steps). */
  onSnapshot?(state: TrainerState): void | Promise<void>;
  /** The state after the best validation so far. */
  onBest?(state: TrainerState, best: Best): void | Promise<void>;
  /** The device was lost; training goes on from `from`. */
  onRebuild?(lost: { readonly error: unknown; readonly at: Position; readonly from: Position }): void | Promise<void>;
}
