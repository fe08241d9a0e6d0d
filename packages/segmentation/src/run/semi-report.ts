/** The report of a semi-supervised training, and its state as plain JSON with the images by name. */
import type { LineChart, Section } from '@infnet/report';
import type { PropagationState, RoundRecord, TrainingFigures } from '@infnet/trainer';
import type { EpochLine, LogLine, NoteLine } from './log-lines.js';
import { adapterName, course, duration, figure, lossSection, pictures, type RunReport, runPage } from './report.js';

export interface RoundDocument {
  /** From 1. */
  readonly round: number;
  readonly images: readonly string[];
  readonly scores?: readonly number[];
  readonly labels: readonly string[];
  readonly epochs: number;
  readonly figures?: TrainingFigures;
}

/** What `propagation.json` has. */
export interface PropagationDocument {
  readonly stage: PropagationState['stage'];
  readonly strategy: string;
  readonly settings: PropagationState['problem']['settings'];
  readonly seed: number;
  readonly labelled: number;
  readonly unlabelled: number;
  readonly stages: readonly { readonly stage: string; readonly figures: TrainingFigures }[];
  readonly rounds: readonly RoundDocument[];
  readonly current: RoundDocument | null;
}

export function propagationDocument(state: PropagationState, names: readonly string[]): PropagationDocument {
  const { problem, stage, stages, rounds, current } = state;
  const describe = ({ round, images, ...rest }: RoundRecord): RoundDocument => ({
    ...rest,
    round: round + 1,
    images: images.map((index) => names[index] ?? String(index)),
  });
  return {
    stage,
    ...problem,
    stages,
    rounds: rounds.map(describe),
    current: current === undefined ? null : describe(current),
  };
}

/** Scores of the table, by their keys. */
const SCORES: readonly (readonly [key: string, title: string])[] = [
  ['dice', 'Dice'],
  ['iou', 'IoU'],
  ['sensitivity', 'sensitivity'],
  ['specificity', 'specificity'],
  ['meanDice', 'mean Dice'],
  ['mae', 'MAE'],
  ['releasedDice', 'Dice, stretched map'],
  ['releasedMeanDice', 'mean Dice, stretched map'],
];

export function semiReport(run: RunReport, propagation: PropagationDocument): string {
  const { task, settings, lines, stopped } = run;
  const { training } = task;
  const epochs = lines.filter((line): line is EpochLine => line.event === 'epoch');
  const counted = epochs.map((line, i) => ({ ...line, epoch: i + 1 }));
  const marks = stageMarks(counted.map(({ stage, epoch }) => [epoch, stage]));
  return runPage(run, 'infnet train --semi', {
    title: `Semi-supervised training of ${training.title}`,
    subtitle: stopped ?? `running: ${propagation.stage}, round ${propagation.rounds.length + 1}`,
    sections: [
      overview(run, propagation, epochs),
      ...comparison(epochs, lines),
      lossSection(run, counted, { marks }, STAGES),
      ...pictures(run.samples, training, 'One picture for each stage, and for some of the rounds.'),
      ...rounds(propagation),
      { title: 'Course', blocks: course(lines, counted) },
    ],
    data: { settings, propagation, epochs },
  });
}

const STAGES = {
  title: 'Mean loss of each epoch, all stages one after the other',
  x: 'epoch, counted over all stages',
} as const;

function overview(run: RunReport, propagation: PropagationDocument, epochs: readonly EpochLine[]): Section {
  const { settings, slices, adapter } = run;
  const used = new Set(propagation.rounds.flatMap(({ images }) => images)).size;
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  return {
    title: 'At a glance',
    blocks: [
      {
        kind: 'facts',
        rows: [
          ['Labelled slices', `${slices.train} to train on, ${slices.validation} to validate on`],
          ['Unlabelled slices', `${slices.unlabelled ?? 0}, ${used} of them have a pseudo label`],
          ['Input', `${settings.size} x ${settings.size}`],
          [
            'Strategy',
            `${propagation.strategy} (${Object.entries(propagation.settings)
              .map((pair) => pair.join(' '))
              .join(', ')})`,
          ],
          ['Done', `${propagation.rounds.length} rounds, ${epochs.length} epochs, ${duration(seconds)}`],
          ['Adapter', adapterName(adapter)],
        ],
      },
    ],
  };
}

/** A line of the log with scores. */
type Scored = Pick<EpochLine, 'metrics' | 'stage' | 'round'>;

/** What each stage ended with: the table of supervised against semi-supervised. */
function comparison(epochs: readonly EpochLine[], lines: readonly LogLine[]): Section[] {
  const given = lines.find((line): line is NoteLine => line.event === 'given') as Scored | undefined;
  const ends: readonly Scored[] = [...(given === undefined ? [] : [given]), ...endsOf(epochs)];
  if (ends.length === 0) return [];
  const rounds = ends.filter(({ stage }) => stage === 'rounds');
  const named: (readonly [string, Scored | undefined])[] = [
    ['supervised (the weights as given)', given],
    ['supervised (labelled slices alone)', ends.find(({ stage }) => stage === 'labelled')],
    ['after the last round', rounds.at(-1)],
    ['on all pseudo labels', ends.find(({ stage }) => stage === 'pseudo')],
    ['semi-supervised (fine-tuned on labelled slices)', ends.find(({ stage }) => stage === 'finetune')],
  ];
  const curve = (key: string, name: string): LineChart['series'][number] => ({
    name,
    points: ends.map(({ metrics }, i): [number, number] => [i + 1, metrics?.[key] ?? Number.NaN]),
  });
  return [
    {
      title: 'Supervised against semi-supervised',
      note: 'Means over the validation slices, each at its own size; Dice, IoU, sensitivity and specificity at probability 0.5.',
      blocks: [
        {
          kind: 'table',
          columns: [{ title: 'weights' }, ...SCORES.map(([, title]) => ({ title, align: 'right' as const }))],
          rows: named.flatMap(([name, line]) =>
            line?.metrics === undefined ? [] : [[name, ...SCORES.map(([key]) => figure(line.metrics?.[key]))]],
          ),
        },
        {
          kind: 'lines',
          title: 'Validation at the end of each stage and round',
          x: { label: 'stage or round', whole: true },
          y: { label: 'score', min: 0, max: 1 },
          series: [curve('dice', 'Dice'), curve('iou', 'IoU'), curve('meanDice', 'mean Dice')],
          marks: stageMarks(ends.map(({ stage }, i) => [i + 1, stage])),
        },
      ],
    },
  ];
}

/** The last epoch with a validation of every stage and round. */
function endsOf(epochs: readonly EpochLine[]): EpochLine[] {
  const byPlace = new Map<string, EpochLine>();
  for (const line of epochs) if (line.metrics !== undefined) byPlace.set(`${line.stage} ${line.round}`, line);
  return [...byPlace.values()];
}

/** A mark where a stage begins. */
function stageMarks(
  places: readonly (readonly [x: number, stage: string | undefined])[],
): NonNullable<LineChart['marks']> {
  return places.flatMap(([x, stage], i) =>
    stage === undefined || stage === places[i - 1]?.[1] ? [] : [{ x, label: stage }],
  );
}

function rounds({ rounds, current }: PropagationDocument): Section[] {
  const all = current === null ? rounds : [...rounds, current];
  if (all.length === 0) return [];
  return [
    {
      title: 'Rounds',
      note: 'Which slices got a pseudo label when. The labels are in the folder pseudo-labels.',
      blocks: [
        {
          kind: 'table',
          columns: [
            { title: 'round', align: 'right' },
            { title: 'slices' },
            { title: 'confidence' },
            { title: 'epochs', align: 'right' },
            { title: 'loss', align: 'right' },
            { title: 'Dice', align: 'right' },
          ],
          rows: all.map(({ round, images, scores, epochs, figures }) => [
            round,
            shortened(images),
            scores === undefined || scores.length === 0
              ? ''
              : `${scores.reduce((a, b) => Math.min(a, b)).toFixed(3)} to ${scores.reduce((a, b) => Math.max(a, b)).toFixed(3)}`,
            epochs,
            figure(figures?.loss),
            figure(figures?.metrics?.['dice']),
          ]),
        },
      ],
    },
  ];
}

const SHOWN = 8;

function shortened(names: readonly string[]): string {
  return names.length <= SHOWN
    ? names.join(', ')
    : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;
}
