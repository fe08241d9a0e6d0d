/** Commands that need little: their options and their help. */
import { type OptionTable, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import type { Asked, Definition } from '../command.js';
import { EXIT } from '../io.js';
import { ADAPTER_ROW, JSON_ROW, SEED_ROW } from '../options.js';

const DOCTOR_OPTIONS = {
  json: {
    ...JSON_ROW,
    help: 'print one JSON document on stdout: healthy, adapter, limits, features, kernel, findings, machine',
  },
  adapter: ADAPTER_ROW,
} as const satisfies OptionTable;

export type DoctorOptions = Asked<typeof DOCTOR_OPTIONS>;

export const DOCTOR: Definition<typeof DOCTOR_OPTIONS> = {
  name: 'doctor',
  summary: 'say what this machine offers, and mend it',
  description:
    'Shows adapters, limits and features, computes a convolution on the adapter and compares it with JavaScript, and says how to fix what is missing.',
  options: DOCTOR_OPTIONS,
  help: `\nExit codes: ${EXIT.ok} healthy, ${EXIT.setUp} not.`,
};

const PHANTOM_OPTIONS = {
  out: { kind: 'text', value: 'folder', settled: true, help: 'required; where they go; made if missing' },
  count: { kind: 'whole', least: 1, most: 100_000, default: 4, help: 'how many' },
  seed: SEED_ROW,
  /** `slices`: pictures, and masks in a subfolder. `dataset`: Imgs and GT, to train on. `unlabelled`: Imgs alone. */
  layout: {
    kind: 'choice',
    values: ['slices', 'dataset', 'unlabelled'],
    default: 'slices',
    help: 'slices with a folder masks; a data set to train on (Imgs, GT); unlabelled (Imgs)',
  },
  /** What the masks say: infected or not; or which class, with the infection beside it as a prior. */
  kind: {
    kind: 'choice',
    values: ['infection', 'multi-class'],
    default: 'infection',
    help: 'masks of the infection; or class maps (ground-glass, consolidation) with the infection beside them (priors, Prior)',
  },
  burden: {
    kind: 'number',
    value: 'share',
    below: 1,
    help: 'infected share of the lungs, the same for all (default: varies, and some are healthy)',
  },
  json: JSON_ROW,
} as const satisfies OptionTable;

export type PhantomOptions = Asked<typeof PHANTOM_OPTIONS>;

export const PHANTOM: Definition<typeof PHANTOM_OPTIONS> = {
  name: 'phantom',
  summary: 'make slices to try things out with',
  description:
    'Writes synthetic lung CT slices as PNG into a folder, and their exact masks into its subfolder masks. No patient is in them.',
  options: PHANTOM_OPTIONS,
  needs: ['out'],
};

const WEIGHTS_OPTIONS = {
  out: { kind: 'text', settled: true, help: 'required; the .safetensors file to write' },
  seed: SEED_ROW,
  backbone: TRAIN_OPTIONS.backbone,
  width: {
    kind: 'number',
    value: 'factor',
    above: 0,
    most: 1,
    default: 1,
    help: 'multiplies the channels, for small nets',
  },
  json: JSON_ROW,
} as const satisfies OptionTable;

export type WeightsOptions = Asked<typeof WEIGHTS_OPTIONS>;

export const WEIGHTS: Definition<typeof WEIGHTS_OPTIONS> = {
  name: 'weights',
  summary: 'make untrained weights to try things out with',
  description:
    'Writes freshly initialised, UNTRAINED weights of Inf-Net: good for trying the commands, their masks mean nothing.',
  options: WEIGHTS_OPTIONS,
  needs: ['out'],
};
