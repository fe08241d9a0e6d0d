/** The options of `infnet evaluate`, as the command line gives them, and what they ask for. */
import type { Precision } from '@infnet/core';
import type { DepthOptions, SliceOrientation, VolumeWindow } from '@infnet/data';
import type { BackboneName } from '@infnet/inf-net';
import type { Conventions } from '@infnet/metrics';
import type { AdapterChoice } from '@infnet/node';
import { cliError } from '../../errors.js';
import { optionFlag } from '../../options.js';
import type { TaskOptions } from '../../tasks.js';

export const KINDS = ['prob', 'mask'] as const;
export const CONVENTIONS: readonly Conventions[] = ['sane', 'as-released'];
export const TRUTHS = ['binary', 'threshold', 'nonzero', 'soft'] as const;

/** Which of the files of `infnet segment` are scored. */
export type Kind = (typeof KINDS)[number];
/** What values in masks mean, as for `infnet train`; a soft mask is infected where it is above 128. */
export type Truths = (typeof TRUTHS)[number];

export interface EvaluateOptions extends TaskOptions {
  /** Folder of probability maps or masks. */
  readonly pred?: string;
  /** Folder of the masks that are the truth. */
  readonly gt?: string;
  /** Folder of the slices, for pictures only. */
  readonly images?: string;
  readonly which: Kind;
  readonly weights?: string;
  /** Which of several nets in that file. */
  readonly weightsKey?: string;
  /** Folder of a data set in the paper's layout. */
  readonly data?: string;
  readonly size: number;
  readonly batch: number;
  readonly backbone?: BackboneName;
  readonly adapter?: AdapterChoice;
  /** A file of `infnet tune`. */
  readonly tuning?: string;
  /** Default: the plans' own. */
  readonly precision?: Precision;
  /** Which slices: `every-fifth`, positions like `4,9,14`, or a share like `0.2`. Default: all. */
  readonly validate?: string;
  readonly range: NonNullable<DepthOptions['range']>;
  /** What becomes black and white in volumes. */
  readonly window: VolumeWindow;
  /** How slices of volumes lie. */
  readonly orient: SliceOrientation;
  readonly masks: Truths;
  readonly conventions: Conventions;
  readonly threshold: number;
  /** Default: as the conventions have it. */
  readonly stretch?: boolean;
  /** Resamples; 0: no intervals. */
  readonly bootstrap: number;
  readonly seed: number;
  readonly surface: boolean;
  /** Rows, columns; mm. */
  readonly spacing?: readonly number[];
  readonly worst: number;
  readonly out?: string;
  readonly json: boolean;
  /** Names of the options that were given on the command line. */
  readonly given: readonly string[];
}

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
