/** The page: scores with intervals, curves, how Dice is spread over the slices, worst and best cases, all slices. */

import { type Block, type LineChart, renderReport, type Section, type Table } from '@infnet/report';
import type { FailedFile } from '../../errors.js';
import { ascending, type Case } from './cases.js';
import type { CasePictures } from './draw.js';
import { figure, length, scoreGroups } from './rows.js';
import type { Evaluation, SliceScores } from './score.js';

export interface DrawnCase extends Pick<Case, 'scored'> {
  readonly pictures: CasePictures;
}

export interface EvaluationReport {
  readonly evaluation: Evaluation;
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly notes: readonly string[];
  readonly worst: readonly DrawnCase[];
  readonly best: readonly DrawnCase[];
  readonly failed: readonly FailedFile[];
}

/** Slices in the table of the page; all of them are in scores.csv. */
const LISTED = 200;
const BINS = 10;

export function evaluationReport(parts: EvaluationReport): string {
  const { evaluation, worst, best, failed, notes } = parts;
  const { set, scoring } = evaluation;
  return renderReport({
    title: 'Evaluation of infection masks',
    subtitle: `${set.images} ${set.images === 1 ? 'slice' : 'slices'}: Dice ${figure(set.dice)} at threshold ${scoring.threshold}, ${figure(set.meanDice)} over all thresholds`,
    sections: [
      { title: 'Scores', ...intervalNote(evaluation), blocks: [scoreTable(evaluation), ...notesBlock(notes)] },
      { title: 'How it was evaluated', blocks: [{ kind: 'facts', rows: facts(parts) }] },
      curves(evaluation),
      distribution(evaluation),
      ...cases('Worst cases', 'The slices with the lowest Dice at the threshold.', worst),
      ...cases('Best cases', 'The slices with the highest Dice at the threshold.', best),
      ...volumes(evaluation),
      slices(evaluation),
      ...failures(failed),
    ],
    footer: 'Made by infnet evaluate. Research software, not a diagnostic device.',
  });
}

function scoreTable(evaluation: Evaluation): Table {
  const { confidence } = evaluation.set.bootstrap ?? {};
  const groups = scoreGroups(evaluation);
  return {
    kind: 'table',
    columns: [
      { title: '' },
      { title: 'score' },
      { title: 'value', align: 'right' },
      ...(confidence === undefined ? [] : [{ title: `${100 * confidence} % interval`, align: 'right' as const }]),
    ],
    rows: groups.flatMap(({ title, lines }) =>
      lines.map((line, i) => [
        i === 0 ? title : '',
        line.title,
        line.value,
        ...(confidence === undefined ? [] : [line.interval]),
      ]),
    ),
  };
}

function intervalNote({ set }: Evaluation): Pick<Section, 'note'> {
  if (set.bootstrap === undefined) return {};
  return {
    note: 'Intervals are drawn over slices (percentile bootstrap). Slices of one patient are alike: with several of them the true intervals are wider.',
  };
}

function notesBlock(notes: readonly string[]): Block[] {
  return notes.length === 0 ? [] : [{ kind: 'text', text: notes.join('\n\n') }];
}

function facts({ facts: known, evaluation }: EvaluationReport): [string, string][] {
  const { scoring, set } = evaluation;
  const { bootstrap } = set;
  return [
    ...known.map(([label, value]): [string, string] => [label, value]),
    [
      'Conventions',
      scoring.conventions === 'sane'
        ? 'sane: undefined scores are left out of their means'
        : 'as released: those of the paper’s evaluation tool, with its odd cases',
    ],
    ['Maps', scoring.stretch ? 'each stretched to full contrast first' : 'as they are, not stretched'],
    [
      'Intervals',
      bootstrap === undefined ? 'none' : `${bootstrap.resamples} resamples of the slices, seed ${bootstrap.seed}`,
    ],
  ];
}

function curves({ set, scoring }: Evaluation): Section {
  const { thresholds } = set.settings;
  const points = (values: readonly number[]): [number, number][] =>
    thresholds.map((t, i): [number, number] => [t, values[i] as number]).reverse();
  const best = set.bestThreshold;
  const near = Math.abs(best - scoring.threshold) < 0.02;
  const chart: LineChart = {
    kind: 'lines',
    title: 'Mean over the slices, by threshold',
    x: { label: 'threshold', min: 0, max: 1 },
    y: { label: 'score', min: 0, max: 1 },
    series: [
      { name: 'Dice', points: points(set.curves.dice) },
      { name: 'sensitivity', points: points(set.curves.sensitivity) },
      { name: 'specificity', points: points(set.curves.specificity) },
      { name: 'E-measure', points: points(set.curves.emeasure), dashed: true },
    ],
    marks: near
      ? [{ x: scoring.threshold, label: 'threshold' }]
      : [
          { x: scoring.threshold, label: 'threshold' },
          { x: best, label: 'best Dice' },
        ],
  };
  return {
    title: 'Curves',
    note: 'A pixel counts as infected where the map is at least the threshold; at 0 that is every pixel.',
    blocks: [chart],
  };
}

function distribution({ slices, scoring }: Evaluation): Section {
  const counts = new Array<number>(BINS).fill(0);
  for (const { scores } of slices) {
    const bin = Math.min(BINS - 1, Math.floor(scores.dice * BINS));
    if (bin >= 0) counts[bin] = (counts[bin] as number) + 1;
  }
  const edge = (i: number): string => (i / BINS).toFixed(1);
  return {
    title: 'Distribution',
    blocks: [
      {
        kind: 'bars',
        title: `Slices by their Dice at threshold ${scoring.threshold}`,
        unit: '',
        bars: counts.map((value, i) => ({ label: `${edge(i)} to ${edge(i + 1)}`, value })),
      },
    ],
  };
}

function cases(title: string, note: string, drawn: readonly DrawnCase[]): Section[] {
  if (drawn.length === 0) return [];
  const hasSlices = drawn.some(({ pictures }) => pictures.hasSlice);
  return [
    {
      title,
      note: `${note} Green line: the truth. Orange: the prediction.${hasSlices ? '' : ' The slices themselves were not given (--images).'}`,
      blocks: [
        {
          kind: 'pictures',
          columns: [hasSlices ? 'slice' : 'map', 'truth', 'prediction'],
          width: 220,
          rows: drawn.map(({ scored, pictures }) => ({
            label: scored.name,
            note: caseNote(scored),
            pictures: [
              { png: pictures.slice, alt: `${pictures.hasSlice ? 'slice' : 'map of'} ${scored.name}` },
              { png: pictures.truth, alt: `outline of what is infected in ${scored.name}` },
              { png: pictures.prediction, alt: `prediction for ${scored.name} with the outline of the truth` },
            ],
          })),
        },
      ],
    },
  ];
}

function caseNote({ scores, infected, surface }: SliceScores): string {
  const distance = surface === undefined ? '' : `, Hausdorff 95 ${length(surface.hausdorff95)}`;
  return `Dice ${figure(scores.dice)}, IoU ${figure(scores.iou)}${distance}. Infected: ${percent(infected.truth)}, predicted: ${percent(infected.prediction)}.`;
}

function volumes({ volumes: all, scoring }: Evaluation): Section[] {
  if (all.length === 0) return [];
  const ml = (value: number | undefined): string => (value === undefined ? 'n/a' : value.toFixed(1));
  const titles = ['slices', 'Dice', 'IoU', 'sensitivity', 'specificity', 'true ml', 'predicted ml'];
  const table: Table = {
    kind: 'table',
    columns: [{ title: 'volume' }, ...titles.map((title) => ({ title, align: 'right' as const }))],
    rows: all.map(({ name, slices: count, scores, truthMillilitres, predictedMillilitres }) => [
      name,
      String(count),
      ...[scores.dice, scores.iou, scores.sensitivity, scores.specificity].map(figure),
      ...[truthMillilitres, predictedMillilitres].map(ml),
    ]),
  };
  return [{ title: 'Volumes', note: `All voxels of a volume, at threshold ${scoring.threshold}.`, blocks: [table] }];
}

function slices({ slices: all, scoring }: Evaluation): Section {
  const surfaces = scoring.spacing !== undefined;
  const sorted = [...all].sort((a, b) => ascending({ scored: a }, { scored: b })).slice(0, LISTED);
  const titles = ['Dice', 'IoU', 'sensitivity', 'specificity', 'mean Dice', 'S-measure', 'MAE'];
  const table: Table = {
    kind: 'table',
    columns: [
      { title: 'slice' },
      ...titles.map((title) => ({ title, align: 'right' as const })),
      ...(surfaces ? ['Hausdorff 95', 'surface distance'].map((title) => ({ title, align: 'right' as const })) : []),
      { title: 'infected', align: 'right' },
      { title: 'predicted', align: 'right' },
    ],
    rows: sorted.map(({ name, scores, infected, surface }) => [
      name,
      ...[
        scores.dice,
        scores.iou,
        scores.sensitivity,
        scores.specificity,
        scores.meanDice,
        scores.sMeasure,
        scores.mae,
      ].map(figure),
      ...(surfaces ? [length(surface?.hausdorff95), length(surface?.averageSurfaceDistance)] : []),
      percent(infected.truth),
      percent(infected.prediction),
    ]),
  };
  const note =
    all.length > LISTED
      ? `The ${LISTED} with the lowest Dice of ${all.length}; all are in scores.csv.`
      : 'Lowest Dice first.';
  return { title: 'Slices', note, blocks: [table] };
}

function failures(failed: readonly FailedFile[]): Section[] {
  if (failed.length === 0) return [];
  return [
    {
      title: 'Not evaluated',
      blocks: [
        {
          kind: 'table',
          columns: [{ title: 'file' }, { title: 'why' }],
          rows: failed.map(({ file, message }) => [file, message]),
        },
      ],
    },
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
