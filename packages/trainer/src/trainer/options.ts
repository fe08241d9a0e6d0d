/** What a training is given, and how it ends. */
import type { Context, StateDict, Tensor } from '@infnet/core';
import type { GradientClip } from '../optimizer/clip.js';
import type { LearningRateSchedule } from '../schedule.js';
import type { BlockOf } from '../step/recompute.js';
import type { StepLoss } from '../step/step-loss.js';
import type { TraceStepOptions } from '../step/trace-step.js';
import type { TrainerCompanion } from './companion.js';
import type { TrainingData } from './data.js';
import type { TrainerEvents, Validation } from './events.js';
import type { SessionOptions } from './session.js';
import type { Best, TrainerState } from './state.js';

export interface TrainerOptions<N extends string = string>
  extends TrainerEvents,
    Pick<SessionOptions, 'net' | 'optimizer'> {
  /** Opens a context; called again when its device was lost. */
  readonly open: () => Promise<Context>;
  /** What becomes of a context at the end of a run, and of one whose device was lost. Default: it is disposed. */
  readonly close?: (context: Context) => void;
  readonly data: TrainingData<N>;
  /**
   * Applies the net to a batch and compares the result with its targets. Traced once for every batch size and scale.
   */
  readonly loss: (inputs: Readonly<Record<N, Tensor>>) => Tensor | StepLoss;
  readonly learningRate: LearningRateSchedule;
  readonly epochs: number;
  readonly batchSize: number;
  /** A whole number from 0 to 2^32 - 1. Default 0. */
  readonly seed?: number;
  /** First values of the parameters. Default: from the seed. */
  readonly initial?: StateDict;
  readonly clip?: GradientClip;
  readonly frozenBatchNorm?: boolean | ((path: string) => boolean);
  /** Compute intermediates again instead of keeping them; see `trainingStep`. Default false. */
  readonly recompute?: boolean | BlockOf;
  /** Batches per step, whose gradients are averaged. Default 1. */
  readonly accumulate?: number;
  /** Every batch is trained at each of these rates of the image size, one after the other. Default [1]. */
  readonly scales?: readonly number[];
  /** How single inputs are resized at other scales, by name; see `trainingStep`. */
  readonly resize?: TraceStepOptions<N>['resize'];
  /** What sizes at other scales are rounded to a multiple of. Default 32. */
  readonly sizeMultiple?: number;
  /** Default true. */
  readonly shuffle?: boolean;
  /** What becomes of a last batch that is smaller. Default `keep`. */
  readonly lastBatch?: 'keep' | 'drop';
  /** Figures of the net as it is. */
  readonly validate?: (validation: Validation) => Promise<Readonly<Record<string, number>>>;
  /** Epochs between two validations. Default 1; the last epoch is always validated, Infinity: only that. */
  readonly validateEvery?: number;
  /**
   * Which figure decides what is best. Default: the first one, the larger the better. An infinite figure counts as what
   * it is, and NaN is never the best.
   */
  readonly best?: { readonly metric: string; readonly larger: boolean };
  /**
   * Stop after so many validations without a better one, at least 1; needs `validate`. Default, and Infinity: never.
   */
  readonly patience?: number;
  /** Steps between snapshots within an epoch. Default: none but at its end. */
  readonly snapshotEvery?: number;
  /** A snapshot also after so many minutes. Default, and Infinity: none. */
  readonly snapshotMinutes?: number;
  /**
   * Epochs between snapshots; the best and the last one always make one. Default 1. A snapshot reads the whole state
   * back.
   */
  readonly snapshotEpochs?: number;
  readonly plan?: Pick<SessionOptions, 'precision' | 'memoryBudget' | 'maxSubmitSeconds'>;
  /** Asks the data for a batch while the step before it runs. Default true; false for data that depend on that step. */
  readonly prefetch?: boolean;
  /** Something that moves with the parameters, and is kept and resumed with them. */
  readonly companion?: TrainerCompanion;
  /** Continue from this state. */
  readonly resume?: TrainerState;
}

export interface TrainingResult {
  readonly stopped: 'finished' | 'early' | 'aborted';
  readonly best: Best | undefined;
  /** The last state. */
  readonly state: TrainerState;
}
