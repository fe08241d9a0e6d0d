/** What Train knows: settings, slices, and the course of a training. */
import { batch, type Signal, signal } from '@preact/signals';
import { download } from '../../app/files.js';
import { announce, report, tell, wireOf } from '../../app/notices.js';
import { place as shownPlace } from '../../app/route.js';
import { trainWorker } from '../../app/workers.js';
import { type Progress, STOPPED, type WireError } from '../../protocol.js';
import type {
  EpochLine,
  Picture,
  RoundLine,
  StepLine,
  TrainData,
  TrainEnd,
  TrainEvent,
  TrainRecord,
  TrainSettings,
  TrainStatus,
} from '../../worker/train-protocol.js';
import { labelled, masks, unlabelled } from './own-slices.js';

export const settings: Signal<TrainSettings> = signal({
  size: 96,
  backbone: 'res2net50',
  width: 0.25,
  channels: 16,
  epochs: 30,
  batch: 4,
  learningRate: 1e-3,
  seed: 1,
  augment: true,
  group: 5,
  roundEpochs: 3,
  lastEpochs: 5,
});
export const source: Signal<'phantoms' | 'files'> = signal('phantoms');
export const phantoms: Signal<{ readonly labelled: number; readonly unlabelled: number }> = signal({
  labelled: 16,
  unlabelled: 0,
});

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
/** Whether what is shown came out of the browser's storage. */
export const restored: Signal<boolean> = signal(false);
/** Whether another tab trains: what is shown is its training as it was stored last, and nothing here may change it. */
export const isElsewhere: Signal<boolean> = signal(false);
/** Whether it is asked if the training may be thrown away. */
export const isAsking: Signal<boolean> = signal(false);
/** The training that is shown. */
let id = '';
let controller: AbortController | undefined;
let hasLooked = false;
let isWaiting = false;

/** Errors that say that the storage holds something else than is shown. */
const OUTDATED: ReadonlySet<string> = new Set(['TRAIN_ELSEWHERE', 'TRAIN_STORED', 'TRAIN_CHANGED']);

/** Remembers over a reload which training this tab ran. */
const mine = {
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

/** Once for each page: what was stored before. A training that ran when the page was closed goes on. */
export async function lookForStored(): Promise<void> {
  if (hasLooked) return;
  hasLooked = true;
  await look(true).catch(report);
}

/** Shows what is stored. @param goesOn whether a training whose tab is gone goes on here at once; else it is offered */
async function look(goesOn: boolean): Promise<void> {
  const { record, isElsewhere: runsElsewhere } = await trainWorker().ask('trainRecord', undefined);
  // One was started here meanwhile.
  if (controller !== undefined) return;
  batch(() => {
    isElsewhere.value = runsElsewhere;
    isAsking.value = false;
    restored.value = record !== undefined;
    if (record === undefined) clear();
    else show(record);
  });
  if (runsElsewhere) void waitForOwner().catch(report);
  else if (record?.status === 'running') {
    if (goesOn || mine.get() === record.id) {
      tell('The page was closed while it trained. The training goes on where it was stored last.');
      await resume();
    } else tell('The tab that trained was closed. The training can go on here, from where it was stored last.');
  }
}

/** Until the other tab pauses, ends, or is closed. */
async function waitForOwner(): Promise<void> {
  if (isWaiting) return;
  isWaiting = true;
  try {
    await trainWorker().ask('trainFree', undefined);
  } finally {
    isWaiting = false;
  }
  await look(false);
}

/** A record as it is stored: of one that another tab runs, or that nobody runs. */
function show(record: TrainRecord): void {
  batch(() => {
    id = record.id;
    settings.value = record.settings;
    source.value = record.data.kind;
    if (record.data.kind === 'phantoms') {
      phantoms.value = { labelled: record.data.labelled, unlabelled: record.data.unlabelled };
    }
    steps.value = record.log.steps;
    epochs.value = record.log.epochs;
    rounds.value = record.log.rounds;
    pictures.value = record.pictures;
    status.value = record.status === 'running' && controller === undefined ? 'paused' : record.status;
  });
}

function clear(): void {
  batch(() => {
    id = '';
    status.value = undefined;
    error.value = undefined;
    place.value = undefined;
    memory.value = undefined;
    steps.value = [];
    epochs.value = [];
    rounds.value = [];
    pictures.value = [];
  });
}

export async function start(): Promise<void> {
  const data: TrainData =
    source.value === 'phantoms'
      ? { kind: 'phantoms', ...phantoms.value, validation: 4, seed: settings.value.seed * 1000 }
      : { kind: 'files', labelled: labelled.files.value, unlabelled: unlabelled.files.value, masks: masks.value };
  clear();
  restored.value = false;
  await run((options) => trainWorker().ask('train', { settings: settings.value, data }, options));
}

export async function resume(): Promise<void> {
  await run((options) => trainWorker().ask('trainContinue', { id }, options));
}

export function pause(): void {
  progress.value = { what: 'Finishing the step and storing', done: 0, total: 0 };
  controller?.abort();
}

/** Asks first where something would be lost. */
export async function askToDiscard(): Promise<void> {
  if (steps.value.length === 0) await discard();
  else isAsking.value = true;
}

export async function discard(): Promise<void> {
  isAsking.value = false;
  try {
    await trainWorker().ask('trainDiscard', { id });
    clear();
  } catch (failure) {
    report(failure);
    if (OUTDATED.has(wireOf(failure).code)) await look(false).catch(report);
  }
}

export async function trainedWeights(): Promise<{ readonly name: string; readonly bytes: Uint8Array } | undefined> {
  try {
    return await trainWorker().ask('trainWeights', { id });
  } catch (failure) {
    report(failure);
    if (OUTDATED.has(wireOf(failure).code)) await look(false).catch(report);
    return undefined;
  }
}

export async function saveWeights(): Promise<void> {
  const weights = await trainedWeights();
  if (weights !== undefined) download(weights.name, weights.bytes);
}

async function run(
  ask: (options: { onEvent: (event: TrainEvent) => void; signal: AbortSignal }) => Promise<TrainEnd>,
): Promise<void> {
  if (controller !== undefined) return;
  const own = new AbortController();
  controller = own;
  batch(() => {
    status.value = 'running';
    isAsking.value = false;
    error.value = undefined;
    progress.value = { what: 'Preparing', done: 0, total: 0 };
  });
  try {
    const end = await ask({ onEvent: hear, signal: own.signal });
    status.value = end.status;
    announce(end.status === 'finished' ? 'The training is finished' : 'The training is paused');
  } catch (failure) {
    const wire = wireOf(failure);
    controller = undefined;
    if (OUTDATED.has(wire.code)) {
      report(failure);
      await look(false).catch(report);
    } else {
      status.value = wire.code === STOPPED ? 'paused' : 'failed';
      if (wire.code !== STOPPED) error.value = wire;
      // Train shows it itself.
      if (shownPlace.value !== 'train') report(failure);
      await showStored().catch(report);
    }
  } finally {
    // Another one may have begun while the storage was looked at.
    if (controller === own) controller = undefined;
    if (controller === undefined) {
      batch(() => {
        progress.value = undefined;
        place.value = undefined;
      });
    }
  }
}

/** After a failure: the course as far as it is stored, where it would go on and whose weights are saved. */
async function showStored(): Promise<void> {
  const { record } = await trainWorker().ask('trainRecord', undefined);
  if (record === undefined || record.id !== id || controller !== undefined) return;
  batch(() => {
    steps.value = record.log.steps;
    epochs.value = record.log.epochs;
    rounds.value = record.log.rounds;
    pictures.value = record.pictures;
  });
}

function hear(event: TrainEvent): void {
  batch(() => {
    switch (event.kind) {
      case 'record':
        mine.set(event.record.id);
        isElsewhere.value = false;
        show(event.record);
        return;
      case 'progress':
        progress.value = event.progress;
        return;
      case 'memory':
        memory.value = event.bytes;
        return;
      case 'step': {
        const { line, kind: _, ...where } = event;
        progress.value = undefined;
        steps.value = [...steps.value, line];
        place.value = where;
        return;
      }
      case 'epoch':
        epochs.value = [...epochs.value, event.line];
        return;
      case 'round':
        rounds.value = [...rounds.value, event.line];
        announce(`Round ${event.line.round}: ${event.line.pseudo} slices with a label of the net's own`);
        return;
      case 'pictures':
        pictures.value = event.pictures;
        return;
      case 'rebuilt': {
        const before = <T extends { readonly step: number }>(lines: readonly T[]): T[] =>
          lines.filter(({ step }) => step <= event.step);
        steps.value = before(steps.value);
        epochs.value = before(epochs.value);
        rounds.value = before(rounds.value);
        tell(`The training went on from step ${event.step}, on another device.`);
        return;
      }
      case 'unstored':
        tell(`The training could not be stored: ${event.why}. It goes on, and the next state is tried again.`);
        return;
      case 'fleeting':
        tell(
          'This browser gives the page no storage: the training is lost when the page is closed. Save its weights before.',
        );
        return;
      case 'stored':
    }
  });
}
