/**
 * What a file of weights says of its training, written and read in one place.
 *
 * Weights that were trained on phantoms mark phantoms well and patients badly, and look like any others. So every file
 * says what it was trained on, a training that starts from other weights says what those were trained on too, and who
 * loads them is told.
 */

import type { Trained } from './weights.js';

/** A training, as far as its weights' file tells of it. */
export interface TrainedOn {
  /** Slices with masks that it learned from. */
  readonly slices: number;
  /** How many of all slices were drawn by `phantomSlice`. Default 0. */
  readonly phantoms?: number;
  /** Slices without masks. Default 0. */
  readonly unlabelled?: number;
  /** What the weights that it started from were trained on, in the words of their file. */
  readonly startedFrom?: string | undefined;
}

/** What a file of weights says of itself. */
export interface WeightsOrigin {
  /** In words; undefined where it does not say. */
  readonly trainedOn: string | undefined;
  /** A sentence for whoever loads them, where what they mark on slices of patients means little. */
  readonly warning: string | undefined;
}

const AFTER = ', after ';

/** In words, e.g. `16 phantoms of infnet`, or `24 slices with masks and 10 without, after 16 phantoms of infnet`. */
export function describeTraining({ slices, phantoms = 0, unlabelled = 0, startedFrom }: TrainedOn): string {
  const all = slices + unlabelled;
  const isOfPhantoms = phantoms >= all;
  const noun = (count: number): string =>
    `${count} ${isOfPhantoms ? 'phantom' : 'slice'}${count === 1 ? '' : 's'}${isOfPhantoms ? ' of infnet' : ''}`;
  const some = phantoms > 0 && !isOfPhantoms ? `, ${phantoms} of them phantoms of infnet` : '';
  const what = unlabelled > 0 ? `${noun(slices)} with masks and ${unlabelled} without` : noun(slices);
  return `${what}${some}${startedFrom === undefined ? '' : `${AFTER}${startedFrom}`}`;
}

/** The texts that a file of weights gets, by key. */
export function trainingMetadata(training: TrainedOn): Readonly<Record<string, string>> {
  return { trained_on: describeTraining(training), trained_slices: String(training.slices) };
}

/**
 * @param metadata texts of a checkpoint, e.g. `readCheckpoint(...).metadata`
 * @param trained what `trainedOf` says of it
 */
export function weightsOrigin(metadata: ReadonlyMap<string, unknown>, trained: Trained): WeightsOrigin {
  const said = metadata.get('trained_on');
  const trainedOn = typeof said === 'string' && said !== '' ? said : undefined;
  return { trainedOn, warning: warningOf(trained === 'false', trainedOn) };
}

function warningOf(untrained: boolean, trainedOn: string | undefined): string | undefined {
  if (untrained) return 'These weights are UNTRAINED: what they mark means nothing.';
  const stages = trainedOn?.split(AFTER) ?? [];
  if (!stages.some((stage) => /phantom/i.test(stage))) return undefined;
  if (stages.every((stage) => /phantom/i.test(stage) && !/of them phantom/i.test(stage))) {
    return 'These weights were trained on phantoms: on slices of patients what they mark means little.';
  }
  return 'These weights were trained on phantoms in part: check what they mark on slices of patients.';
}
