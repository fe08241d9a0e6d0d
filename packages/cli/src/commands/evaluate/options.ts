/** The options of `infnet evaluate`, as the command line gives them, and what they ask for. */
import type { Conventions } from '@infnet/metrics';
import { type OptionTable, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import type { Asked } from '../../command.js';
import { cliError } from '../../errors.js';
import {
  ADAPTER_ROW,
  BATCH_ROW,
  optionFlag,
  PRECISION_ROW,
  SEED_ROW,
  TASK_ROW,
  TUNING_ROW,
  WEIGHTS_BACKBONE_ROW,
} from '../../options.js';

export const KINDS = ['prob', 'mask'] as const;
const CONVENTIONS: readonly Conventions[] = ['sane', 'as-released'];
const TRUTHS = ['binary', 'threshold', 'nonzero', 'soft'] as const;

/** Which of the files of `infnet segment` are scored. */
export type Kind = (typeof KINDS)[number];
/** What values in masks mean, as for `infnet train`; a soft mask is infected where it is above 128. */
export type Truths = (typeof TRUTHS)[number];

export const EVALUATE_OPTIONS = {
  pred: { kind: 'text', value: 'folder', help: 'probability maps or masks, e.g. the results of infnet segment' },
  gt: { kind: 'text', value: 'folder', help: 'the true masks' },
  images: {
    kind: 'text',
    value: 'folder',
    help: 'the slices, paired by name: only for the pictures in the report',
  },
  which: {
    kind: 'choice',
    values: KINDS,
    default: 'prob',
    help: 'where --pred has both .prob.png and .mask.png',
  },
  weights: { kind: 'text', help: 'checkpoint to predict with: .pth or .safetensors' },
  weightsKey: TRAIN_OPTIONS.weightsKey,
  data: { kind: 'text', value: 'folder', help: 'slices (Imgs) and masks (GT), anywhere below it' },
  validate: {
    kind: 'text',
    value: 'which',
    help: 'evaluate only these: a share like 0.2 (drawn with --seed, as infnet train draws it), positions like 4,9,14, every-fifth',
  },
  size: TRAIN_OPTIONS.size,
  batch: BATCH_ROW,
  backbone: WEIGHTS_BACKBONE_ROW,
  task: TASK_ROW,
  adapter: ADAPTER_ROW,
  tuning: TUNING_ROW,
  precision: PRECISION_ROW,
  range: TRAIN_OPTIONS.range,
  window: TRAIN_OPTIONS.window,
  orient: TRAIN_OPTIONS.orient,
  masks: {
    kind: 'choice',
    value: 'values',
    values: TRUTHS,
    default: 'binary',
    help: 'what values in true masks mean: 0 and 255 only; infected above 128; above 0 or coloured; probabilities',
  },
  conventions: {
    kind: 'choice',
    value: 'which',
    values: CONVENTIONS,
    default: 'sane',
    help: "undefined cases: sane, or as the paper's evaluation tool has them",
  },
  threshold: {
    kind: 'number',
    value: 'p',
    above: 0,
    below: 1,
    default: 0.5,
    help: 'a pixel is infected where the map is at least this',
  },
  stretch: {
    kind: 'flag',
    unset: true,
    help: 'stretch every map to 0..1 first (default: with --conventions as-released)',
  },
  /** Turns `stretch` off. */
  noStretch: { kind: 'flag', unset: true, help: 'take maps as they are (default: with --conventions sane)' },
  bootstrap: {
    kind: 'whole',
    most: 1_000_000,
    default: 1000,
    help: 'resamples for the 95 % intervals; 0: no intervals',
  },
  seed: { ...SEED_ROW, help: 'of the resamples, and of a drawn share' },
  surface: { kind: 'flag', help: 'add Hausdorff 95 and average surface distance of every slice' },
  spacing: {
    kind: 'numbers',
    value: 'y,x',
    help: 'distance of rows and of columns in mm; implies --surface (default: that of the volume, else pixels)',
  },
  worst: {
    kind: 'whole',
    most: 100,
    default: 5,
    help: 'how many of the worst and of the best cases the report shows',
  },
  multiClass: {
    kind: 'flag',
    help: 'class maps (<stem>.classes.png, .nii.gz or <stem>.png), or a U-Net with Imgs, GT and Prior',
  },
  out: { kind: 'text', value: 'folder', help: 'where scores.csv, scores.json and report.html go; made if missing' },
  json: { kind: 'flag', help: 'print one JSON document on stdout and nothing else there' },
} as const satisfies OptionTable;

export type EvaluateOptions = Asked<typeof EVALUATE_OPTIONS>;

/** How every slice is scored. */
export interface Scoring {
  readonly conventions: Conventions;
  readonly threshold: number;
  readonly stretch: boolean;
  /** Whether surface distances are taken. */
  readonly surface: boolean;
  /** Distance between rows and between columns in mm; undefined: that of the volume, else pixels. */
  readonly spacing?: readonly [number, number];
}

/** @throws InfnetError `CLI_USAGE` */
export function scoringOf({ conventions, threshold, stretch, surface, spacing }: EvaluateOptions): Scoring {
  if (spacing !== undefined && spacing.length !== 2) {
    throw cliError(
      'CLI_USAGE',
      `--spacing has ${spacing.length} numbers, not 2.`,
      'Give the distance of rows and that of columns in mm, e.g. --spacing 0.8,0.8.',
    );
  }
  const [y = 1, x = 1] = spacing ?? [];
  return {
    surface: surface || spacing !== undefined,
    conventions,
    threshold,
    stretch: stretch ?? conventions === 'as-released',
    ...(spacing === undefined ? {} : { spacing: [y, x] as const }),
  };
}

export type Form =
  | { readonly kind: 'files'; readonly pred: string; readonly gt: string }
  | { readonly kind: 'net'; readonly weights: string; readonly data: string };

const FILES_ONLY = ['pred', 'gt', 'images', 'which'];
const NET_ONLY = [
  'weights',
  'weightsKey',
  'data',
  'size',
  'batch',
  'backbone',
  'adapter',
  'tuning',
  'precision',
  'validate',
];

/** @throws InfnetError `CLI_USAGE` unless the options are those of one form, and complete */
export function formOf(options: EvaluateOptions): Form {
  const { pred, gt, weights, data, given } = options;
  const ofFiles = given.filter((name) => FILES_ONLY.includes(name));
  const ofNet = given.filter((name) => NET_ONLY.includes(name));
  const flags = (names: readonly string[]): string => names.map(optionFlag).join(', ');
  if (ofFiles.length > 0 && ofNet.length > 0) {
    throw cliError(
      'CLI_USAGE',
      `${flags(ofFiles)} is for files that are there, ${flags(ofNet)} for predicting: not both.`,
      'Give --pred and --gt, or --weights and --data.',
    );
  }
  if (pred !== undefined && gt !== undefined) return { kind: 'files', pred, gt };
  if (weights !== undefined && data !== undefined) return { kind: 'net', weights, data };
  const lone = { pred: 'gt', gt: 'pred', weights: 'data', data: 'weights' } as const;
  const first = (Object.keys(lone) as (keyof typeof lone)[]).find((name) => options[name] !== undefined);
  throw cliError(
    'CLI_USAGE',
    first === undefined ? 'What to evaluate is not said.' : `--${first} needs --${lone[first]}.`,
    'Give --pred FOLDER --gt FOLDER for predictions that are there, or --weights FILE --data FOLDER to predict first.',
  );
}
