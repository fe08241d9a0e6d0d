/** `infnet pseudo-label`: its options and its help. */
import { type OptionTable, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import type { Asked, Definition } from '../../command.js';
import { EXIT } from '../../io.js';
import {
  ADAPTER_ROW,
  BATCH_ROW,
  PRECISION_ROW,
  TASK_ROW,
  TUNING_ROW,
  WEIGHTS_BACKBONE_ROW,
  WEIGHTS_ROW,
} from '../../options.js';

const OPTIONS = {
  data: { kind: 'text', value: 'folder', settled: true, help: 'required; slices without masks' },
  weights: WEIGHTS_ROW,
  weightsKey: TRAIN_OPTIONS.weightsKey,
  out: { kind: 'text', value: 'folder', settled: true, help: 'required; where the data set goes; made if missing' },
  size: TRAIN_OPTIONS.size,
  batch: BATCH_ROW,
  labels: {
    ...TRAIN_OPTIONS.labels,
    help: 'stretched to full contrast as the released generator does, or probabilities',
  },
  range: TRAIN_OPTIONS.range,
  window: TRAIN_OPTIONS.window,
  orient: TRAIN_OPTIONS.orient,
  images: { kind: 'flag', default: true, help: 'do not copy the slices' },
  skipBad: { kind: 'flag', help: 'leave out slices that cannot be read instead of refusing the folder' },
  backbone: WEIGHTS_BACKBONE_ROW,
  task: TASK_ROW,
  adapter: ADAPTER_ROW,
  tuning: TUNING_ROW,
  precision: PRECISION_ROW,
  json: { kind: 'flag', help: 'print one JSON document on stdout' },
} as const satisfies OptionTable;

export type PseudoLabelOptions = Asked<typeof OPTIONS>;

const HELP = `
The data folder holds slices in Imgs, anywhere below it, or directly. The result is a data set in the same layout, to train on:
  infnet train --data OUT --masks soft --out RUN
GT has each slice's soft mask at the slice's own size, Edge the edge of what is above 128, Imgs a copy of the slice. Of a volume
(.nii, .nii.gz) GT has a volume on its grid, from 0 to 1, and there are no edges. Masks of an earlier run are overwritten. infnet train --semi does this round by round, with the net getting better in between.

Exit codes: ${EXIT.ok} all labelled, ${EXIT.someFailed} some slices failed (named) and the others were labelled, ${EXIT.setUp} wrong usage or set-up, ${EXIT.interrupted} stopped by Ctrl-C`;

export const PSEUDO_LABEL: Definition<typeof OPTIONS> = {
  name: 'pseudo-label',
  summary: 'let a net label slices, to train on',
  description: 'Makes a data set of slices without masks: the masks are what a net predicts.',
  options: OPTIONS,
  needs: ['data', 'weights', 'out'],
  help: HELP,
};
