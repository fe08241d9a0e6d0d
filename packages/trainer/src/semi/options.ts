/** What a propagation is given, and what it tells. */
import type { Context, Module, StateDict, Tensor } from '@infnet/core';
import type { StepLoss } from '../step/step-loss.js';
import type { TrainingData } from '../trainer/data.js';
import type { TrainerEvents } from '../trainer/events.js';
import type { TrainerOptions } from '../trainer/options.js';
import type { EdgeOf } from './hybrid-data.js';
import type { LabelEncoding, PseudoLabelStore } from './labels.js';
import type { PseudoStageOptions, StageName, StageOptions, StageTraining } from './stages.js';
import type { PropagationState } from './state.js';
import type { SemiStrategy, TrainingFigures } from './strategy.js';
import type { UnlabelledData } from './unlabelled.js';

/** Where a propagation stands. */
export interface PropagationProgress {
  readonly stage: StageName;
  /** From 0; only in the stage `rounds`. */
  readonly round: number | undefined;
  /** How many rounds there will be, where the strategy knows. */
  readonly rounds: number | undefined;
  /** Images in the training set, and how many of them have a pseudo label. While labelling: before it. */
  readonly images: number;
  readonly pseudo: number;
  /** Since `run` was called. */
  readonly seconds: number;
}

export type PropagationEvent = PropagationProgress &
  (
    | { readonly kind: 'label'; readonly done: number; readonly total: number }
    /** A stage or round begins to train, or goes on after a resume. */
    | { readonly kind: 'begin' }
    | {
        readonly kind: 'epoch';
        /** From 0. */
        readonly epoch: number;
        readonly epochs: number;
        readonly loss: number;
        readonly parts: Readonly<Record<string, number>>;
        readonly learningRate: number;
        readonly metrics: Readonly<Record<string, number>> | undefined;
      }
    /** A stage or round has ended, with these weights. */
    | { readonly kind: 'end'; readonly figures: TrainingFigures; readonly weights: StateDict }
  );

export interface PropagationOptions<N extends string = string> {
  /** Opens a context; called for every training and labelling, and again when a device was lost. */
  readonly open: () => Promise<Context>;
  /** What becomes of a context afterwards. Default: it is disposed. */
  readonly close?: (context: Context) => void;
  readonly net: Module<never, unknown>;
  /** With the inputs `image`, `mask` and perhaps `edge` (others need `unlabelled.sample`). */
  readonly labelled: TrainingData<N>;
  readonly unlabelled: UnlabelledData<N>;
  readonly loss: (inputs: Readonly<Record<N, Tensor>>) => Tensor | StepLoss;
  /** The prediction [N, 1, H, W] before the sigmoid: `({ image }) => net.call(image).lateralMap2` for Inf-Net. */
  readonly logits: (inputs: { readonly image: Tensor }) => Tensor;
  /** The edge of a mask, as bytes, for losses with the input `edge`: `binaryToEdge` of `@infnet/data`. */
  readonly edgeOf?: EdgeOf;
  /** Default `stretched`, as released: every map to its full contrast. `probability`: as it is. */
  readonly encoding?: LabelEncoding;
  /** Default: in memory. */
  readonly store?: PseudoLabelStore;
  /** Default `randomSelection()`. */
  readonly strategy?: SemiStrategy;
  /** What differs from `defaultStages`. */
  readonly stages?: {
    readonly labelled?: Partial<StageOptions>;
    readonly rounds?: Partial<StageOptions>;
    readonly pseudo?: Partial<PseudoStageOptions>;
    readonly finetune?: Partial<StageOptions>;
  };
  /**
   * Options of the training in all stages; a stage's own come first. The optimiser is made anew for each. Default:
   * Adam.
   */
  readonly training?: StageTraining;
  /** Rounds at most. Default: until the strategy ends. */
  readonly maxRounds?: number;
  /** A whole number from 0 to 2^32 - 1. Default 0. */
  readonly seed?: number;
  /** Weights to begin with. Default: from the seed. */
  readonly initial?: StateDict;
  /** Images per run when labelling. Default 8. */
  readonly predictBatch?: number;
  /** Figures of the net, at the end of every stage and round; more often with `validateEvery`. */
  readonly validate?: TrainerOptions['validate'];
  /** Of the trainings. */
  readonly handlers?: Pick<TrainerEvents, 'onMemory' | 'onPrepare' | 'onStep' | 'onRebuild'>;
  onEvent?(event: PropagationEvent): void | Promise<void>;
  /** A state to keep: after labelling, and whenever a training makes a snapshot. */
  onState?(state: PropagationState): void | Promise<void>;
  /** Continue from this state. */
  readonly resume?: PropagationState;
}

export interface PropagationResult {
  readonly stopped: 'finished' | 'aborted';
  readonly state: PropagationState;
  /** Undefined where it was stopped while a training was in progress. */
  readonly weights: StateDict | undefined;
}
