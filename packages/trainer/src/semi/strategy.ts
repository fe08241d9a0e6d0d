/**
 * What a strategy of semi-supervised training decides. The engine (propagation.ts) trains, predicts, stores, tells and
 * resumes; a strategy says, round by round, which images get a label from the weights as they are, and, if it wants,
 * what is different about the training that follows.
 *
 * A strategy keeps nothing between calls: what it needs to know is in the records of the rounds before, which are part
 * of the state, and random draws follow from seed and round. That is why any strategy can be resumed.
 */
import type { InputSpec, Module, StateDict, Tensor } from '@infnet/core';
import type { StepLoss } from '../step/step-loss.js';
import type { TrainerCompanion } from '../trainer/companion.js';
import type { TrainingData } from '../trainer/data.js';
import type { TrainerState } from '../trainer/state.js';
import type { UnlabelledData } from './unlabelled.js';

/** JSON. */
export type Settings = Readonly<Record<string, number | string | boolean | null>>;

/** Of the last epoch of a training. */
export interface TrainingFigures {
  readonly loss?: number;
  /** What the validation found. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A round, as plain data. */
export interface RoundRecord {
  /** From 0. */
  readonly round: number;
  /** Indices of the unlabelled images that got a label in this round, for the first time or again. */
  readonly images: readonly number[];
  /** Hash of each one's label. */
  readonly labels: readonly string[];
  /** The strategy's score of each, if it scores. */
  readonly scores?: readonly number[];
  /** Epochs that were trained afterwards. */
  readonly epochs: number;
  /** Of the last of them. */
  readonly figures?: TrainingFigures;
}

export interface RoundContext {
  /** From 0. */
  readonly round: number;
  readonly seed: number;
  /** Number of unlabelled images. */
  readonly unlabelled: number;
  /** The rounds before. */
  readonly rounds: readonly RoundRecord[];
  /** Images without a label so far, ascending. */
  readonly remaining: readonly number[];
  /**
   * Predicts images with the weights as they are: probabilities [height * width], one after the other, in the order
   * given.
   */
  predict(indices: readonly number[], visit: (prediction: Prediction) => void): Promise<void>;
}

export interface Prediction {
  readonly index: number;
  readonly width: number;
  readonly height: number;
  readonly probability: Float32Array;
}

/** What happens in a round. */
export interface RoundPlan {
  /** Images that get a label from the weights as they are; those that have one get a new one. */
  readonly label: readonly number[];
  /** A figure for each of them, for the record. */
  readonly scores?: readonly number[];
  /** Epochs of training after that. 0: none. Default: those of the stage `rounds`. */
  readonly epochs?: number;
}

/** The training of a round, before or after a strategy changed it. */
export interface RoundTraining {
  readonly data: TrainingData;
  readonly loss: (inputs: Readonly<Record<string, Tensor>>) => Tensor | StepLoss;
  /** See `TrainerOptions`. */
  readonly companion?: TrainerCompanion;
  /** See `TrainerOptions`. */
  readonly prefetch?: boolean;
  /** The weights to go on with. Default: those that were trained. */
  readonly weights?: (end: TrainerState) => StateDict;
}

/** What there is to make another training of. */
export interface TrainingContext {
  readonly round: number;
  readonly seed: number;
  readonly batchSize: number;
  readonly net: Module<never, unknown>;
  /** The prediction [N, 1, H, W] before the sigmoid, of a batch of images. */
  readonly logits: (inputs: { readonly image: Tensor }) => Tensor;
  readonly labelled: TrainingData;
  readonly unlabelled: UnlabelledData;
  /** Shape of an image without the batch dimension. */
  readonly image: InputSpec;
}

export interface SemiStrategy {
  readonly name: string;
  /** Compared when a propagation is resumed. */
  readonly settings: Settings;
  /** How many rounds there will be, where that is known. */
  rounds?(unlabelled: number): number | undefined;
  /** Refuses what it cannot work with. @throws InfnetError `SEMI_OPTION`. */
  check?(unlabelled: number): void;
  /** The next round, or undefined when there is none. */
  next(context: RoundContext): Promise<RoundPlan | undefined> | RoundPlan | undefined;
  /** Default: labelled and pseudo-labelled images together, with the loss as it is. */
  training?(plain: RoundTraining, context: TrainingContext): RoundTraining;
}
