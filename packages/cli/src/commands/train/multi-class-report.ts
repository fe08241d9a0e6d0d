/** The report of a multi-class training: that of any training, with curves and pictures by class. */
import { renderReport } from '@infnet/report';
import type { EpochLine } from './log.js';
import {
  course,
  figure,
  lossCurves,
  overview,
  pictures,
  REFRESH,
  type RunReport,
  settingRows,
  type ValidationText,
  validationSection,
} from './report.js';

const LEGEND = 'Red: ground-glass opacity. Green: consolidation. First the truth, then what the net says.';

const LOSSES: Readonly<Record<string, string>> = {
  'cross-entropy': 'Cross entropy of background, ground-glass and consolidation, mean over the pixels.',
  'as-released': 'Mean binary cross entropy of three sigmoids, with labels and channels as the released code has them.',
};

/** Endings of the figures' names, and the classes as people call them. */
const CLASSES = [
  ['GroundGlass', 'ground-glass'],
  ['Consolidation', 'consolidation'],
] as const;

const CLASS_SCORES: ValidationText = {
  note:
    'Each slice at its own size, the pixels of all validation slices counted together. Mean Dice is that of ground-glass and ' +
    'consolidation; it decides which epoch is best.',
  curves: [
    ['Dice, ground-glass', 'diceGroundGlass'],
    ['Dice, consolidation', 'diceConsolidation'],
    ['mean of the two', 'dice', true],
  ],
  columns: ['epoch', 'class', 'Dice', 'sensitivity', 'specificity'],
  rows: (epoch, metrics) =>
    CLASSES.map(([key, name]) => [
      ...[epoch, name],
      ...['dice', 'sensitivity', 'specificity'].map((score) => figure(metrics[score + key])),
    ]),
  emphasise: [0, 1],
};

export function multiClassReport(run: RunReport): string {
  const { settings, lines, stopped } = run;
  const epochs = lines.filter((line): line is EpochLine => line.event === 'epoch');
  const best = epochs.filter(({ isBest }) => isBest).at(-1);
  return renderReport({
    title: 'Training of the multi-class U-Net',
    subtitle: stopped ?? `running: epoch ${(epochs.at(-1)?.epoch ?? 0) + 1} of ${settings.epochs}`,
    sections: [
      overview(run, epochs, best),
      { title: 'Loss', note: LOSSES[settings.loss] ?? '', blocks: [lossCurves(epochs, best)] },
      ...validationSection(epochs, best, CLASS_SCORES),
      ...pictures(run.samples, best === undefined ? '' : `Best epoch: ${best.epoch}.`, LEGEND),
      { title: 'Course', blocks: course(lines, epochs) },
      { title: 'Settings', blocks: [{ kind: 'facts', rows: settingRows(settings, 'classes') }] },
    ],
    data: { settings, epochs },
    footer: 'Made by infnet train. Research software, not a diagnostic device.',
    ...(stopped === undefined ? { refreshSeconds: REFRESH } : {}),
  });
}
