/** Options of what a net learns from: which slices validate, and how files become slices. In the order of the help. */
import type { OptionTable } from '../options/table.js';

export const DATA_OPTIONS = {
  validate: {
    kind: 'text',
    value: 'which',
    default: '0.2',
    help: 'a share like 0.2, positions in the order of names like 4,9,14, every-fifth, train (on what is trained on), none',
    readme:
      'a share of the pictures and volumes (by default none where all is one slice or one volume), positions like `4,9,14`, `every-fifth`, `train` (the slices trained on), `none`',
  },
  validateEvery: {
    kind: 'whole',
    value: 'epochs',
    least: 1,
    default: 1,
    changes: true,
    method: 'supervised',
    named: ['validateEvery'],
    help: 'epochs between validations',
  },
  patience: {
    kind: 'whole',
    default: 0,
    changes: true,
    method: 'supervised',
    named: ['patience'],
    help: 'stop after so many validations without a better one; 0: never',
  },
  augment: {
    kind: 'choice',
    values: ['none', 'mild'],
    default: 'none',
    help: 'vary the slices: flips, small rotations, scale, brightness',
  },
  edges: {
    kind: 'choice',
    value: 'which',
    values: ['files', 'derive'],
    default: 'files',
    tasks: ['infection'],
    help: "the data's Edge files where there are some, or always from the masks",
  },
  masks: {
    kind: 'choice',
    value: 'values',
    values: ['binary', 'soft', 'nonzero', 'threshold'],
    default: 'binary',
    tasks: ['infection'],
    help: 'what grey values in masks mean',
    readme: 'what grey values in masks mean, see [`@infnet/data`](../data)',
  },
  range: {
    kind: 'range',
    default: 'full',
    help: '16-bit slices: what becomes black and white: full, minmax or LOW,HIGH',
  },
  window: {
    kind: 'window',
    default: 'lung',
    tasks: ['infection'],
    help: 'volumes: what becomes black and white: lung (-1350,150 HU), minmax or LOW,HIGH',
  },
  orient: {
    kind: 'orient',
    default: 'released',
    tasks: ['infection'],
    help: 'volumes: how slices lie, as for infnet segment: released, upright, PL, as-stored, ...',
  },
  emptyMasks: {
    kind: 'choice',
    value: 'what',
    values: ['keep', 'drop'],
    default: 'keep',
    tasks: ['infection'],
    help: 'slices without any infected pixel: train on them, or not',
  },
  cache: {
    kind: 'whole',
    value: 'MiB',
    most: 1000000,
    default: 1024,
    changes: true,
    help: 'memory for decoded slices',
  },
  skipBad: { kind: 'flag', help: 'leave out slices that are wrong instead of refusing the data' },
} as const satisfies OptionTable;
