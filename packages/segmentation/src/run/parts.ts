/** What a run is made of, and how it ended. */
import { type Context, InfnetError, isInfnetError, plainMessage, type StateDict } from '@infnet/core';
import type { TrainingMemory } from '@infnet/trainer';
import type { SegmentationTask, TaskData, TaskNet } from '../task.js';
import { changedSlices, dataChanged, type SlicesContent } from '../train/content.js';
import type { TrainSettings } from '../train/options.js';
import type { SessionEnd } from '../train/session.js';
import type { Reason } from './keeper.js';
import type { RunLog } from './log.js';
import type { StoredState } from './state.js';
import type { RunStore } from './store.js';

/** Where the course of a run is shown. */
export interface RunProgress {
  phase(what: string, total: number, done?: number): void;
  update(done: number, text?: string): void;
  line(text: string): void;
}

export interface RunParts {
  readonly task: SegmentationTask;
  readonly net: TaskNet;
  readonly settings: TrainSettings;
  readonly data: {
    readonly train: TaskData;
    readonly validation: TaskData | undefined;
    readonly unlabelled: TaskData | undefined;
  };
  /** What these slices are: a state of other ones is refused, unless that is accepted. */
  readonly content?: SlicesContent;
  readonly acceptChangedData?: boolean;
  readonly initial: StateDict | undefined;
  readonly store: RunStore;
  readonly log: RunLog;
  readonly stored: StoredState | undefined;
  /** What is different from now on, in words. */
  readonly changes: readonly string[];
  /** What the weights' files say of themselves. */
  readonly describe: Readonly<Record<string, unknown>> & { readonly made_by: string };
  readonly progress: RunProgress;
  readonly open: () => Promise<Context>;
  /** How errors are told: in parts, and in a line. */
  readonly reasonOf: (error: unknown) => Reason;
  readonly lineOf: (error: unknown) => string;
  /** The folder was gone and was made again. */
  readonly onRestored?: () => Promise<void>;
}

/** How a run ended. */
export interface RunResult extends Pick<SessionEnd, 'stopped'> {
  /** For the report and the last line. */
  readonly text: string;
  /** What the run's document has beside what every run has. */
  readonly document: Readonly<Record<string, unknown>>;
  /** What could not be written at its last try, by file. */
  readonly failures: ReadonlyMap<string, Reason>;
  readonly adapter: string;
  readonly memory: { readonly predicted: TrainingMemory | null; readonly allocatedBytes: number | null };
}

/** @throws InfnetError `TRAIN_DATA_CHANGED`; what `make` throws, with the slices that are others */
export function withSlices<T>({ stored, content, acceptChangedData }: RunParts, make: () => T): T {
  const changed =
    stored?.content === undefined || content === undefined ? undefined : changedSlices(stored.content, content);
  try {
    const made = make();
    if (changed !== undefined && acceptChangedData !== true) throw dataChanged(changed);
    return made;
  } catch (error) {
    // The state knows only that names are others.
    const isOfData = isInfnetError(error, 'TRAINER_STATE') || isInfnetError(error, 'SEMI_STATE');
    if (changed === undefined || !isOfData) throw error;
    const { code, fix } = error;
    const details = { ...error.details, changedSlices: changed };
    throw new InfnetError({ code, message: `${plainMessage(error)}; ${changed}`, fix, details, cause: error });
  }
}
