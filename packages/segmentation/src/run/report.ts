/** The report of a training, made from its settings, its log and its pictures: the same files give the same page. */
import { type Block, type LineChart, type Report, renderReport, type Section } from '@infnet/report';
import { writeJson } from '@infnet/trainer';
import { namesWhere } from '../options/table.js';
import type { SegmentationTask, TaskTraining } from '../task.js';
import { TRAIN_OPTIONS, type TrainSettings } from '../train/options.js';
import { figuresText } from './figures.js';
import type { EpochLine, LogLine, NoteLine } from './log-lines.js';
import type { Sample } from './samples.js';

export interface RunReport {
  readonly task: SegmentationTask;
  readonly settings: TrainSettings;
  readonly lines: readonly LogLine[];
  readonly samples: readonly Sample[];
  readonly adapter: string;
  /** Slices trained on, validated on, and with `semi` those without a mask. */
  readonly slices: { readonly train: number; readonly validation: number; readonly unlabelled?: number };
  /** Undefined while it runs. */
  readonly stopped?: string;
}

/** While it trains the page looks for news this often. */
const REFRESH = 30;

export function trainingReport(run: RunReport): string {
  const { task, settings, lines, stopped } = run;
  const { training } = task;
  const epochs = lines.filter((line): line is EpochLine => line.event === 'epoch');
  const best = epochs.filter(({ isBest }) => isBest).at(-1);
  const sections = [
    overview(run, epochs, best),
    lossSection(run, epochs, marks(best)),
    ...validationSection(training, epochs, best),
    ...pictures(run.samples, training, best === undefined ? '' : `Best epoch: ${best.epoch}.`),
  ];
  return runPage(run, 'infnet train', {
    title: `Training of ${training.title}`,
    subtitle: stopped ?? `running: epoch ${(epochs.at(-1)?.epoch ?? 0) + 1} of ${settings.epochs}`,
    sections: [...sections, { title: 'Course', blocks: course(lines, epochs) }],
    data: { settings, epochs },
  });
}

/** What the pages of all runs have: the settings at their end, and which command made them. */
export function runPage({ task, settings, stopped }: RunReport, command: string, page: Report): string {
  return renderReport({
    ...page,
    sections: [
      ...page.sections,
      { title: 'Settings', blocks: [{ kind: 'facts', rows: settingRows(settings, task.name) }] },
    ],
    footer: `Made by ${command}. Research software, not a diagnostic device.`,
    ...(stopped === undefined ? { refreshSeconds: REFRESH } : {}),
  });
}

function overview(run: RunReport, epochs: readonly EpochLine[], best: EpochLine | undefined): Section {
  const { task, settings, adapter, slices, lines } = run;
  const last = epochs.at(-1);
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const resumed = lines.filter(({ event }) => event === 'resume').length;
  const rows: [string, string][] = [
    [
      'Slices',
      `${slices.train} to train on, ${slices.validation} to validate on, at ${settings.size} x ${settings.size}`,
    ],
    ['Done', `${epochs.length} of ${settings.epochs} epochs, ${last?.step ?? 0} steps, ${duration(seconds)}`],
    ['Loss', last === undefined ? 'none yet' : figure(last.loss)],
    ['Adapter', adapterName(adapter)],
  ];
  if (best?.metrics !== undefined) {
    rows.splice(2, 0, ['Best validation', `${figuresText(task.training, best.metrics, 4)} after epoch ${best.epoch}`]);
  }
  if (resumed > 0) rows.push(['Interrupted', `${resumed} times, resumed each time`]);
  return { title: 'At a glance', blocks: [{ kind: 'facts', rows }] };
}

/**
 * Curves of the loss and of its parts.
 *
 * @param epochs counted over all that is drawn
 * @param stages title and axis where these are of several stages
 */
export function lossSection(
  { task: { training }, settings }: RunReport,
  epochs: readonly EpochLine[],
  marked: Pick<LineChart, 'marks'>,
  stages?: { readonly title: string; readonly x: string },
): Section {
  const names = [...new Set(epochs.flatMap(({ parts }) => Object.keys(parts)))];
  const hasParts = stages !== undefined || names.length > 0;
  const chart: LineChart = {
    kind: 'lines',
    title: stages?.title ?? `Mean loss of each epoch${hasParts ? ', by supervision' : ''}`,
    x: { label: stages?.x ?? 'epoch', whole: true },
    y: { label: 'loss' },
    series: [
      { name: hasParts ? 'all together' : 'loss', points: epochs.map(({ epoch, loss }) => [epoch, loss]) },
      ...names.map((name) => ({
        name: training.parts[name] ?? name,
        points: epochs.map(({ epoch, parts }): [number, number] => [epoch, parts[name] ?? Number.NaN]),
        dashed: name === 'edge',
      })),
    ],
    ...marked,
  };
  return { title: 'Loss', note: training.lossNote(settings.loss), blocks: [chart] };
}

/** Curves by epoch, and the best and the last epoch in figures; nothing without a validation. */
function validationSection(
  { validation: { note, curves, columns, rows } }: TaskTraining,
  epochs: readonly EpochLine[],
  best: EpochLine | undefined,
): Section[] {
  const validated = epochs.filter(({ metrics }) => metrics !== undefined);
  if (validated.length === 0) return [];
  const series = curves.map(([name, key, dashed = false]) => ({
    name,
    points: validated.map(({ epoch, metrics }): [number, number] => [epoch, metrics?.[key] ?? Number.NaN]),
    dashed,
  }));
  return [
    {
      title: 'Validation',
      note,
      blocks: [
        {
          kind: 'lines',
          title: 'Validation by epoch',
          x: { label: 'epoch', whole: true },
          y: { label: 'score', min: 0, max: 1 },
          series,
          ...marks(best),
        },
        {
          kind: 'table',
          title: 'Best and last epoch',
          columns: columns.map((title) => ({ title, align: title === 'class' ? 'left' : 'right' })),
          rows: [...new Set([best, validated.at(-1)])].flatMap((line) =>
            line?.metrics === undefined ? [] : shown(rows(line.epoch, line.metrics)),
          ),
          emphasise: (best?.metrics === undefined ? [] : rows(best.epoch, best.metrics)).map((_, i) => i),
        },
      ],
    },
  ];
}

/** Figures as texts, the number of an epoch as it is. */
function shown(rows: ReturnType<TaskTraining['validation']['rows']>): (string | number)[][] {
  return rows.map((row) => row.map((cell, i) => (i === 0 || typeof cell === 'string' ? (cell ?? '') : figure(cell))));
}

export function pictures(samples: readonly Sample[], { legend }: TaskTraining, note: string): Section[] {
  const keys = [...new Set(samples.flatMap((sample) => [...sample.pictures.keys()]))].sort();
  if (keys.length === 0) return [];
  return [
    {
      title: 'Slices as the net sees them',
      note: `${legend} ${note}`.trimEnd(),
      blocks: [
        {
          kind: 'pictures',
          columns: ['truth', ...keys.map(titleOf)],
          rows: samples.map(({ name, truth, pictures }) => ({
            label: name,
            pictures: [
              { png: truth, alt: `slice ${name} with what is infected` },
              ...keys.flatMap((key) => {
                const png = pictures.get(key);
                return png === undefined ? [] : [{ png, alt: `slice ${name}, prediction, ${titleOf(key)}` }];
              }),
            ],
          })),
        },
      ],
    },
  ];
}

/** `epoch-0010` as `epoch 10`, `2-round-003` as `round 3`. */
function titleOf(key: string): string {
  return key.replace(/^\d+-/, '').replace(/-0*(\d+)$/, ' $1');
}

export function course(lines: readonly LogLine[], epochs: readonly EpochLine[]): Block[] {
  const steps = lines.flatMap((line) => (line.event === 'step' ? [line] : []));
  const notes = lines.filter((line): line is NoteLine => 'time' in line);
  return [
    {
      kind: 'lines',
      title: 'Learning rate',
      x: { label: 'epoch', whole: true },
      y: { label: 'rate', scale: 'log' },
      series: [{ name: 'learning rate', points: epochs.map(({ epoch, learningRate }) => [epoch, learningRate]) }],
    },
    {
      kind: 'lines',
      title: 'Norm of the gradient, before the clip',
      x: { label: 'step', whole: true },
      y: { label: 'norm', scale: 'log' },
      series: [{ name: 'all gradients together', points: steps.map(({ step, gradientNorm }) => [step, gradientNorm]) }],
    },
    {
      kind: 'lines',
      title: 'Time of a step',
      x: { label: 'step', whole: true },
      y: { label: 'seconds', min: 0 },
      series: [{ name: 'seconds', points: steps.map(({ step, seconds }) => [step, seconds]) }],
    },
    {
      kind: 'table',
      title: 'Events',
      columns: [{ title: 'time (UTC)' }, { title: 'step', align: 'right' }, { title: 'event' }, { title: 'details' }],
      rows: notes.map(({ event, step, time, ...details }) => [
        time.slice(0, 19).replace('T', ' '),
        step,
        event,
        Object.entries(details)
          .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : writeJson(value)}`)
          .join('; '),
      ]),
    },
  ];
}

/** Settings that say something of a training of `task`. */
function settingRows(settings: TrainSettings, task: string): [string, string][] {
  const foreign = namesWhere(TRAIN_OPTIONS, ({ tasks }) => tasks?.includes(task) === false);
  const given = Object.entries(settings).filter(
    ([name, value]) => value !== undefined && value !== null && !foreign.includes(name),
  );
  return given.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') || 'none' : String(value)]);
}

function marks(best: EpochLine | undefined): Pick<LineChart, 'marks'> {
  return best === undefined ? {} : { marks: [{ x: best.epoch, label: 'best' }] };
}

export function figure(value: number | undefined): string {
  if (value === undefined) return '';
  return Number.isNaN(value) ? 'n/a' : value.toFixed(value < 10 ? 4 : 1);
}

/** Without why it was taken and what to expect of it. */
export function adapterName(adapter: string): string {
  return adapter.split(' - ')[0] ?? adapter;
}

/** 3725 s as `1 h 2 min`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
