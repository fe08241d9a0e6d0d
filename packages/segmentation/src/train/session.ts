/**
 * One training, whatever is trained and however: settings to a `Trainer`, or with `semi` to a `Propagation`, and the
 * events of both told alike. It knows neither files nor pages: a run folder keeps what it gives, and so may a browser.
 */
import type { Context, ParameterStore, StateDict } from '@infnet/core';
import type { PropagationState, PseudoLabelStore, StepEvent, TrainerEvents, TrainerState } from '@infnet/trainer';
import type { Figures, TaskData, TaskNet } from '../task.js';
import type { TrainSettings } from './options.js';

/** Where a training stands. */
export interface Place {
  /** Absent where there is one stage only. */
  readonly stage?: 'labelled' | 'rounds' | 'pseudo' | 'finetune';
  /** From 1, and how many there will be, where that is known. */
  readonly round?: number;
  readonly rounds?: number;
  /** Of this stage or round. */
  readonly epochs: number;
}

export interface SessionEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly seconds: number;
  readonly metrics: Figures | undefined;
  /** Where several stages are validated, the best is for the listener to know. */
  readonly isBest?: boolean;
}

export type SessionState =
  | { readonly kind: 'trainer'; readonly state: TrainerState }
  | { readonly kind: 'propagation'; readonly state: PropagationState };

/** Handlers are awaited, so a slow one slows training. */
export interface SessionEvents extends Pick<TrainerEvents, 'onMemory' | 'onPrepare' | 'onRebuild'> {
  onStep?(event: StepEvent, place: Place): void | Promise<void>;
  onEpoch?(event: SessionEpoch, place: Place): void | Promise<void>;
  /** A stage or round begins to train, or goes on. */
  onStage?(place: Place, images: { readonly images: number; readonly pseudo: number }): void | Promise<void>;
  onStageEnd?(place: Place, weights: StateDict): void | Promise<void>;
  onLabel?(done: number, total: number, place: Place): void | Promise<void>;
  /** What the weights to start from are worth, where nothing is trained before the first labels. */
  onGiven?(metrics: Figures): void | Promise<void>;
  onState?(state: SessionState): void | Promise<void>;
}

/** What a validation is asked. `epoch` (from 1) is that of a training of one stage. */
export interface Validating {
  readonly context: Context;
  readonly parameters: ParameterStore;
  readonly epoch?: number;
  readonly place: Place;
}

export interface SessionParts {
  readonly settings: TrainSettings;
  readonly net: TaskNet;
  /** One of the task's variants. */
  readonly loss: string;
  readonly train: TaskData;
  /** With `semi`. */
  readonly unlabelled?: TaskData;
  /** Opens a context; called again when its device was lost. */
  readonly open: () => Promise<Context>;
  /** First values of the parameters. Default: from the seed. */
  readonly initial?: StateDict;
  readonly validate?: (asked: Validating) => Promise<Figures>;
  /** Epochs between the validations of one stage of several. Default: at the end of each stage and round. */
  readonly stageValidateEvery?: number;
  /** What becomes of a smaller last batch where there is one stage. Default `keep`. */
  readonly lastBatch?: 'keep' | 'drop';
  /** Where pseudo labels are kept. Default: in memory. */
  readonly labels?: PseudoLabelStore;
  /** A state as it was kept, and what its file is called. */
  readonly resume?: {
    readonly bytes: Uint8Array;
    readonly file?: string;
    /** Whether it is gone on with slices that are others by name or number. Default: that is refused. */
    readonly acceptChangedData?: boolean;
  };
  /** Whether `onGiven` was called before. */
  readonly isGivenKnown?: boolean;
  readonly events?: SessionEvents;
}

export interface SessionEnd {
  readonly stopped: 'finished' | 'early' | 'aborted';
  readonly state: SessionState;
  /** Undefined where it was stopped within a stage of several. */
  readonly weights: StateDict | undefined;
}

export interface TrainingSession {
  /** To the end, or until `signal` stops it after the step in progress. @throws as `Trainer.run` */
  run(signal?: AbortSignal): Promise<SessionEnd>;
  /** The last good state, also after an error; undefined before there is one. */
  readonly lastState: SessionState | undefined;
  /** Of several stages, as it is now. */
  readonly propagation: PropagationState | undefined;
  /** Where it goes on: finished epochs, one that has begun among them, and steps. Undefined with several stages. */
  readonly begun: { readonly epochs: number; readonly steps: number } | undefined;
}
