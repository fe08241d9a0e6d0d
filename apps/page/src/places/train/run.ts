/** A training: begun, paused, resumed, discarded, and found again. */
import { batch } from '@preact/signals';
import { download } from '../../app/files.js';
import { announce, report, tell, wireOf } from '../../app/notices.js';
import { place as shownPlace } from '../../app/route.js';
import { trainWorker } from '../../app/workers.js';
import { STOPPED } from '../../protocol.js';
import type { TrainData, TrainEnd, TrainEvent } from '../../worker/train-protocol.js';
import { hear } from './hear.js';
import { labelled, unlabelled } from './own-slices.js';
import {
  canLabel,
  clear,
  error,
  isAsking,
  isElsewhere,
  mine,
  phantoms,
  place,
  progress,
  settings,
  show,
  showCourse,
  shown,
  source,
  status,
  steps,
} from './state.js';

let hasLooked = false;
let isWaiting = false;

/** Errors that say that the storage holds something else than is shown. */
const OUTDATED: ReadonlySet<string> = new Set(['TRAIN_ELSEWHERE', 'TRAIN_STORED', 'TRAIN_CHANGED']);

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
  if (shown.controller !== undefined) return;
  batch(() => {
    isElsewhere.value = runsElsewhere;
    isAsking.value = false;
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

export async function start(): Promise<void> {
  // Chosen while another task was, perhaps.
  const isSemi = canLabel();
  const data: TrainData =
    source.value === 'phantoms'
      ? {
          kind: 'phantoms',
          labelled: phantoms.value.labelled,
          unlabelled: isSemi ? phantoms.value.unlabelled : 0,
          validation: 4,
          seed: settings.value.seed * 1000,
        }
      : {
          kind: 'files',
          labelled: labelled.files.value,
          unlabelled: isSemi ? unlabelled.files.value : [],
        };
  clear();
  await run((options) => trainWorker().ask('train', { settings: settings.value, data }, options));
}

export async function resume(): Promise<void> {
  await run((options) => trainWorker().ask('trainContinue', { id: shown.id }, options));
}

export function pause(): void {
  progress.value = { what: 'Finishing the step and storing', done: 0, total: 0 };
  shown.controller?.abort();
}

/** Asks first where something would be lost. */
export async function askToDiscard(): Promise<void> {
  if (steps.value.length === 0) await discard();
  else isAsking.value = true;
}

export async function discard(): Promise<void> {
  isAsking.value = false;
  try {
    await trainWorker().ask('trainDiscard', { id: shown.id });
    clear();
  } catch (failure) {
    report(failure);
    if (OUTDATED.has(wireOf(failure).code)) await look(false).catch(report);
  }
}

export async function trainedWeights(): Promise<{ readonly name: string; readonly bytes: Uint8Array } | undefined> {
  try {
    return await trainWorker().ask('trainWeights', { id: shown.id });
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
  if (shown.controller !== undefined) return;
  const own = new AbortController();
  shown.controller = own;
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
    shown.controller = undefined;
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
    if (shown.controller === own) shown.controller = undefined;
    if (shown.controller === undefined) {
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
  if (record === undefined || record.id !== shown.id || shown.controller !== undefined) return;
  showCourse(record);
}
