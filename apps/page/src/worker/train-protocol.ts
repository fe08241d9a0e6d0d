/** What the worker does for Train, and what of a training is kept. */
import type { MaskMode } from '@infnet/data';
import type { NetOptions } from '@infnet/segmentation';
import type { TrainSettings as EngineSettings } from '@infnet/segmentation/options';
import type { Method, Progress } from '../protocol.js';

/** What is chosen on the page. */
export interface AskedSettings
  extends Pick<
    EngineSettings,
    'size' | 'epochs' | 'batch' | 'lr' | 'seed' | 'augment' | 'masks' | 'group' | 'roundEpochs' | 'finetuneEpochs'
  > {
  readonly task: string;
  /** What its net is built with. */
  readonly options: NetOptions;
}

/** What a training depends on: all settings of the engine's. */
export interface TrainSettings extends EngineSettings, Pick<AskedSettings, 'task' | 'options'> {
  readonly task: string;
}

/** A file with its path below the folder that was dropped. */
export interface StoredFile {
  readonly path: string;
  readonly file: Blob;
}

export type TrainData =
  | {
      readonly kind: 'phantoms';
      readonly labelled: number;
      /** 0: no semi-supervised training. */
      readonly unlabelled: number;
      readonly validation: number;
      readonly seed: number;
    }
  | {
      readonly kind: 'files';
      readonly labelled: readonly StoredFile[];
      readonly unlabelled: readonly StoredFile[];
      /** What the masks' values mean, where an older version of the page stored it: it is a setting now. */
      readonly masks?: MaskMode;
    };

/** Files of slices that a training can learn from. */
export interface SlicesReport {
  /** Slices, each with its mask where masks are asked for. */
  readonly count: number;
  /** Files that are neither slice nor mask. */
  readonly leftOut: number;
  /** What is worth knowing, in lines; may be empty. */
  readonly notes: string;
}

export interface StepLine {
  /** Steps of all stages together, from 1. */
  readonly step: number;
  readonly loss: number;
}

export interface EpochLine {
  readonly step: number;
  /** From 1, within its stage or round. */
  readonly epoch: number;
  readonly loss: number;
  /** Of the validation slices, by the task's figures; undefined where there are none, or none was due. */
  readonly dice: number | undefined;
  /** False where there were too few slices to set some aside: it learns from those of the Dice. */
  readonly heldOut?: boolean;
  readonly stage: string;
}

/** A round of the semi-supervised training. */
export interface RoundLine {
  /** From 1. */
  readonly round: number;
  readonly step: number;
  /** Slices with a pseudo label when it began to train. */
  readonly pseudo: number;
  readonly images: number;
}

export interface Picture {
  readonly name: string;
  readonly size: number;
  /** 8-bit grey, size x size. */
  readonly slice: Uint8Array;
  /** The class of every pixel: the true one, and the one that the net tells. */
  readonly truth: Uint8Array;
  readonly found: Uint8Array;
  /** How sure it is, 0..255; absent where several classes are told apart. */
  readonly probability?: Uint8Array;
  readonly dice: number;
}

export interface TrainLog {
  readonly steps: readonly StepLine[];
  readonly epochs: readonly EpochLine[];
  readonly rounds: readonly RoundLine[];
}

export type TrainStatus = 'running' | 'paused' | 'finished' | 'failed';

/** A training as it is stored, without its weights. */
export interface TrainRecord {
  /** Which training it is: another one that takes its place has another. */
  readonly id: string;
  readonly settings: TrainSettings;
  readonly data: { readonly kind: TrainData['kind']; readonly labelled: number; readonly unlabelled: number };
  readonly status: TrainStatus;
  readonly log: TrainLog;
  readonly pictures: readonly Picture[];
}

export interface StoredNow {
  /** Undefined: nothing is stored. */
  readonly record: TrainRecord | undefined;
  /** Whether another tab trains, and the record is its own. */
  readonly isElsewhere: boolean;
}

export type TrainEvent =
  /** The training that begins or goes on, as it is stored: it may have come further in another tab. */
  | { readonly kind: 'record'; readonly record: TrainRecord }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'memory'; readonly bytes: number }
  | {
      readonly kind: 'step';
      readonly line: StepLine;
      readonly stage: string;
      readonly epoch: number;
      readonly epochs: number;
      /** Slices per second. */
      readonly speed: number;
      readonly secondsLeft: number | undefined;
    }
  | { readonly kind: 'epoch'; readonly line: EpochLine }
  | { readonly kind: 'round'; readonly line: RoundLine }
  | { readonly kind: 'pictures'; readonly pictures: readonly Picture[] }
  /** The device was lost; lines after `step` will come again. */
  | { readonly kind: 'rebuilt'; readonly step: number }
  /** The browser gives no storage: the training is lost with the page. */
  /** The last stored state is damaged: it goes on from the one before, which ended with this step. */
  | { readonly kind: 'damaged'; readonly step: number; readonly why: string }
  | { readonly kind: 'fleeting' }
  | { readonly kind: 'stored' }
  | { readonly kind: 'unstored'; readonly why: string };

export interface TrainEnd {
  readonly status: 'paused' | 'finished';
  readonly step: number;
}

export interface TrainMethods {
  /** What is stored, by this tab or another one. */
  trainRecord: Method<undefined, StoredNow>;
  /** Answers when no other tab trains any more. */
  trainFree: Method<undefined, undefined>;
  /**
   * Throws away what is stored.
   * @throws `TRAIN_ELSEWHERE` while another tab trains, `TRAIN_CHANGED` where it is another training
   */
  trainDiscard: Method<{ readonly id: string }, undefined>;
  /** Reads the files as a training would. @throws with all that is wrong, by file */
  trainCheck: Method<
    { readonly files: readonly StoredFile[]; readonly labelled: boolean; readonly settings: AskedSettings },
    SlicesReport,
    Progress
  >;
  /**
   * Begins a training where none is stored. Stopping the call pauses.
   * @throws `TRAIN_ELSEWHERE`, `TRAIN_STORED` where one is
   */
  train: Method<{ readonly settings: AskedSettings; readonly data: TrainData }, TrainEnd, TrainEvent>;
  /** Goes on with what is stored. @throws `TRAIN_ELSEWHERE`, `TRAIN_CHANGED` */
  trainContinue: Method<{ readonly id: string }, TrainEnd, TrainEvent>;
  /** The weights as they were last, as safetensors. @throws `TRAIN_CHANGED` */
  trainWeights: Method<{ readonly id: string }, { readonly name: string; readonly bytes: Uint8Array }>;
}
