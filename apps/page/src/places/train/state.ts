/** What Train knows: settings, slices, and the course of a training. */
import { batch, type Signal, signal } from '@preact/signals';
import { SMALL_NET } from '../../app/tasks.js';
import type { Progress, WireError } from '../../protocol.js';
import type {
  AskedSettings,
  EpochLine,
  Picture,
  RoundLine,
  StepLine,
  TrainRecord,
  TrainStatus,
} from '../../worker/train-protocol.js';

export const settings: Signal<AskedSettings> = signal({
  size: 96,
  task: 'infection',
  options: SMALL_NET,
  epochs: 30,
  batch: 4,
  lr: 1e-3,
  seed: 1,
  augment: 'mild',
  masks: 'binary',
  group: 5,
  roundEpochs: 3,
  finetuneEpochs: 5,
});
export const source: Signal<'phantoms' | 'files'> = signal('phantoms');
export const phantoms: Signal<{ readonly labelled: number; readonly unlabelled: number }> = signal({
  labelled: 16,
  unlabelled: 0,
});

/** Whether the task's net can label slices itself and learn from them: that of infections. */
export function canLabel(): boolean {
  return settings.value.task === 'infection';
}

/** Undefined: no training, here or stored. */
export const status: Signal<TrainStatus | undefined> = signal(undefined);
export const steps: Signal<readonly StepLine[]> = signal([]);
export const epochs: Signal<readonly EpochLine[]> = signal([]);
export const rounds: Signal<readonly RoundLine[]> = signal([]);
export const pictures: Signal<readonly Picture[]> = signal([]);
export const progress: Signal<Progress | undefined> = signal(undefined);
export const place: Signal<
  | {
      readonly stage: string;
      readonly epoch: number;
      readonly epochs: number;
      readonly speed: number;
      readonly secondsLeft: number | undefined;
    }
  | undefined
> = signal(undefined);
export const memory: Signal<number | undefined> = signal(undefined);
export const error: Signal<WireError | undefined> = signal(undefined);
/** Whether another tab trains: what is shown is its training as it was stored last, and nothing here may change it. */
export const isElsewhere: Signal<boolean> = signal(false);
/** Whether it is asked if the training may be thrown away. */
export const isAsking: Signal<boolean> = signal(false);
/** The training that is shown, and, while it runs here, what pauses it. */
export const shown: { id: string; controller: AbortController | undefined } = { id: '', controller: undefined };

/** Remembers over a reload which training this tab ran. */
export const mine = {
  key: 'infnet-training',
  get(): string | undefined {
    try {
      return sessionStorage.getItem(this.key) ?? undefined;
    } catch {
      return undefined;
    }
  },
  set(value: string): void {
    try {
      sessionStorage.setItem(this.key, value);
    } catch {
      // Without it one has to press Resume after a reload.
    }
  },
};

/** A record as it is stored: of one that another tab runs, or that nobody runs. */
export function show(record: TrainRecord): void {
  batch(() => {
    shown.id = record.id;
    settings.value = record.settings;
    source.value = record.data.kind;
    if (record.data.kind === 'phantoms') {
      phantoms.value = { labelled: record.data.labelled, unlabelled: record.data.unlabelled };
    }
    showCourse(record);
    status.value = record.status === 'running' && shown.controller === undefined ? 'paused' : record.status;
  });
}

export function showCourse({ log, pictures: shownPictures }: Pick<TrainRecord, 'log' | 'pictures'>): void {
  batch(() => {
    steps.value = log.steps;
    epochs.value = log.epochs;
    rounds.value = log.rounds;
    pictures.value = shownPictures;
  });
}

export function clear(): void {
  batch(() => {
    shown.id = '';
    status.value = undefined;
    error.value = undefined;
    place.value = undefined;
    memory.value = undefined;
    showCourse({ log: { steps: [], epochs: [], rounds: [] }, pictures: [] });
  });
}
