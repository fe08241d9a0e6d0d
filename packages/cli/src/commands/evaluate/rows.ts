/** Which scores are shown, in what order and words: the same on the terminal and in the report. */
import { type ScoreGroup as Group, type Interval, shownScores } from '@infnet/metrics';
import type { Evaluation } from './score.js';
import { meanOf, VOLUME_SCORES } from './volumes.js';

export interface ScoreLine {
  readonly title: string;
  readonly value: string;
  /** `low to high`; empty where there is none. */
  readonly interval: string;
}

export interface ScoreGroup {
  readonly title: string;
  readonly lines: readonly ScoreLine[];
}

export function scoreGroups({ set, scoring, volumes, surface }: Evaluation): readonly ScoreGroup[] {
  const lines = (group: Group): ScoreLine[] =>
    shownScores(group).map(({ name, title }) => ({
      title,
      value: figure(set[name]),
      interval: span(set.intervals?.[name]),
    }));
  const groups: ScoreGroup[] = [
    { title: `mean over ${set.settings.thresholds.length} thresholds`, lines: lines('thresholds') },
    { title: 'of the map itself', lines: lines('map') },
    { title: `at threshold ${scoring.threshold}`, lines: lines('fixed') },
    { title: `each at its best threshold (Dice: ${figure(set.bestThreshold)})`, lines: lines('best') },
  ];
  if (volumes.length > 0) {
    const titles = new Map(shownScores('fixed').map(({ name, title }) => [String(name), title]));
    const value = (name: (typeof VOLUME_SCORES)[number]): ScoreLine => ({
      title: titles.get(name) ?? name,
      value: figure(meanOf(volumes, name)),
      interval: '',
    });
    const what = volumes.length === 1 ? '1 volume' : `${volumes.length} volumes, mean`;
    groups.push({ title: `${what}, all voxels at threshold ${scoring.threshold}`, lines: VOLUME_SCORES.map(value) });
  }
  if (surface === undefined) return groups;
  const distances = (['hausdorff95', 'averageSurfaceDistance'] as const).flatMap((name): ScoreLine[] => {
    const title = name === 'hausdorff95' ? 'Hausdorff 95' : 'average surface distance';
    const { mean, median } = surface[name];
    return [
      { title: `${title}, mean`, value: length(mean), interval: '' },
      { title: `${title}, median`, value: length(median), interval: '' },
    ];
  });
  const { infinite, slices } = surface.hausdorff95;
  const without = infinite === 0 ? '' : `; without ${infinite} of ${slices} slices, where only one mask is empty`;
  return [...groups, { title: `surfaces, in ${surface.unit}${without}`, lines: distances }];
}

export function figure(value: number): string {
  return Number.isNaN(value) ? 'n/a' : value.toFixed(4);
}

/** A distance. */
export function length(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return 'n/a';
  return Number.isFinite(value) ? value.toFixed(2) : 'infinite';
}

function span(interval: Interval | undefined): string {
  return interval === undefined || Number.isNaN(interval.low)
    ? ''
    : `${figure(interval.low)} to ${figure(interval.high)}`;
}

/** The groups below each other, for a terminal. */
export function scoreText(evaluation: Evaluation): string {
  const groups = scoreGroups(evaluation);
  const all = groups.flatMap(({ lines }) => lines);
  const indent = 2;
  const title = indent + Math.max(...all.map((line) => line.title.length));
  const value = Math.max(...all.map((line) => line.value.length));
  const confidence = evaluation.set.bootstrap?.confidence;
  const head = confidence === undefined ? [] : [`${' '.repeat(title + value + 4)}${100 * confidence} % interval`];
  const body = groups.flatMap((group) => [
    group.title,
    ...group.lines.map((line) =>
      `${' '.repeat(indent)}${line.title.padEnd(title - indent)}  ${line.value.padStart(value)}  ${line.interval}`.trimEnd(),
    ),
  ]);
  return [...head, ...body].join('\n');
}
