/** The scores as files: a line for each slice, and one document. */

import { CURVE_NAMES, SCORE_NAMES } from '@infnet/metrics';
import { csv, failureLines } from '../../csv.js';
import type { FailedFile } from '../../errors.js';
import { type Evaluation, type SliceScores, SURFACE_NAMES } from './score.js';

import { volumeDocument } from './volumes.js';

export const FILES = { csv: 'scores.csv', json: 'scores.json', report: 'report.html', volumes: 'volumes.csv' } as const;

/**
 * In the order of the slices; then the files that failed, with the reason in the last column. NaN and Infinity by name.
 */
export function scoresCsv({ slices, scoring }: Evaluation, failed: readonly FailedFile[]): string {
  const distances = scoring.surface ? SURFACE_NAMES : [];
  const header = [
    'name',
    'width',
    'height',
    'infected_truth',
    'infected_prediction',
    ...SCORE_NAMES,
    ...distances,
    'error',
  ];
  const lines = slices.map(({ name, scores, infected, surface }) => [
    name,
    ...[scores.width, scores.height, infected.truth, infected.prediction].map(String),
    ...SCORE_NAMES.map((score) => String(scores[score])),
    ...distances.map((distance) => String(surface?.[distance])),
    '',
  ]);
  return csv([header, ...lines, ...failureLines(failed, header)]);
}

export interface DocumentParts {
  readonly evaluation: Evaluation;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly failed: readonly FailedFile[];
  readonly ignored: readonly string[];
  readonly notes: readonly string[];
}

/** The fields of `--json` and `scores.json`, NaN and Infinity not yet null. Curves are left to `scores.json`. */
export function documentOf(
  { evaluation, settings, failed, ignored, notes }: DocumentParts,
  { curves }: { readonly curves: boolean },
): Readonly<Record<string, unknown>> {
  const { set, slices, volumes, scoring, surface } = evaluation;
  const { conventions, threshold, stretch, spacing = [1, 1] } = scoring;
  return {
    command: 'evaluate',
    settings: {
      ...settings,
      conventions,
      threshold,
      stretch,
      // That of volumes is each one's own.
      spacing: scoring.surface && !(surface?.unit === 'mm' && scoring.spacing === undefined) ? spacing : null,
      unit: surface?.unit ?? 'pixels',
    },
    images: set.images,
    ...pick(SCORE_NAMES, set),
    bootstrap: set.bootstrap ?? null,
    intervals: set.intervals ?? null,
    surface: surface === undefined ? null : pick(SURFACE_NAMES, surface),
    notes,
    ...(curves ? { thresholds: set.settings.thresholds, curves: pick(CURVE_NAMES, set.curves) } : {}),
    slices: slices.map(sliceDocument),
    ...(volumes.length === 0 ? {} : { volumes: volumes.map(volumeDocument) }),
    errors: failed,
    ignored,
  };
}

function sliceDocument({ name, files, volume, resizedFrom, scores, infected, surface }: SliceScores): object {
  const { width, height, counts } = scores;
  return {
    name,
    files,
    ...(volume === undefined ? {} : { volume: volume.name }),
    width,
    height,
    resizedFrom: resizedFrom ?? null,
    infectedTruth: infected.truth,
    infectedPrediction: infected.prediction,
    counts,
    ...pick(SCORE_NAMES, scores),
    ...(surface && pick(SURFACE_NAMES, surface)),
  };
}

function pick<K extends string, V>(names: readonly K[], values: Readonly<Record<K, V>>): Record<string, V> {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}
