/**
 * The four stages of a semi-supervised training, and how each is trained:
 *
 *     labelled   on the labelled images
 *     rounds     after every round, on labelled and pseudo-labelled images, with a fresh optimiser, from the weights as
 *                they are
 *     pseudo     on all pseudo-labelled images, by default with the labelled ones and from the first weights
 *     finetune   on the labelled images
 *
 * A stage of 0 epochs is left out.
 */
import { clampGradients } from '../optimizer/clip.js';
import { constant, type LearningRateSchedule, releasedStep, stepDecay } from '../schedule.js';
import type { TrainerOptions } from '../trainer/options.js';

export type StageName = 'labelled' | 'rounds' | 'pseudo' | 'finetune';

/** Options of `Trainer` that may differ from stage to stage. */
export type StageTraining = Partial<
  Pick<
    TrainerOptions,
    | 'optimizer'
    | 'clip'
    | 'scales'
    | 'sizeMultiple'
    | 'frozenBatchNorm'
    | 'recompute'
    | 'accumulate'
    | 'lastBatch'
    | 'validateEvery'
    | 'snapshotEvery'
    | 'snapshotEpochs'
    | 'snapshotMinutes'
    | 'plan'
  >
>;

export interface StageOptions extends StageTraining {
  /** 0: leave the stage out; in `rounds`: label only. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: LearningRateSchedule;
}

export interface PseudoStageOptions extends StageOptions {
  /** `anew` from the first weights (`initial`, or the seed's), or `continue` from those of the last round. */
  readonly start: 'anew' | 'continue';
  /** Whether the labelled images are among those trained on. */
  readonly labelled: boolean;
}

export interface Stages {
  readonly labelled: StageOptions;
  readonly rounds: StageOptions;
  readonly pseudo: PseudoStageOptions;
  readonly finetune: StageOptions;
}

const THREE_SCALES: StageTraining = { clip: clampGradients(0.5), scales: [0.75, 1, 1.25] };

/** Every stage in as many epochs and batches of one size, with one schedule; rounds as released. */
function stagesOf(epochs: number, batchSize: number, learningRate: StageOptions['learningRate']): Stages {
  const stage: StageOptions = { ...THREE_SCALES, epochs, batchSize, learningRate };
  return {
    labelled: stage,
    rounds: { ...THREE_SCALES, epochs: 9, batchSize: 16, learningRate: constant(3e-4) },
    pseudo: { ...stage, start: 'anew', labelled: true },
    finetune: stage,
  };
}

/** 100 epochs at 1e-4, a tenth of that from the 51st on, in batches of 16. */
export const defaultStages: Stages = stagesOf(100, 16, stepDecay(1e-4));

/** What the released code does (quirks 12 to 16 and 22): 99 epochs in batches of 24, with its compounding decay. */
export const releasedStages: Stages = stagesOf(99, 24, releasedStep(1e-4));
