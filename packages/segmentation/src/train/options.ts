/**
 * Every option of a training, a row each. Settings, `config.json`, the help and the README of `infnet train`, and what
 * it refuses follow from this table: a new option is a row here, and the use that is made of it.
 *
 * What is right for one task only by default is said by the task.
 */
import { BACKBONES, type BackboneName, DEFAULT_BACKBONE } from '@infnet/inf-net';
import type { OptionTable, SettingsOf } from '../options/table.js';
import { DATA_OPTIONS } from './options-data.js';
import { METHOD_OPTIONS } from './options-method.js';
import { SEMI_OPTIONS } from './options-semi.js';

const NET_OPTIONS = {
  backbone: {
    kind: 'choice',
    value: 'name',
    values: BACKBONES as readonly BackboneName[],
    default: DEFAULT_BACKBONE as BackboneName,
    tasks: ['infection'],
    help: 'which backbone',
  },
  width: {
    kind: 'number',
    value: 'factor',
    above: 0,
    most: 1,
    default: 1,
    tasks: ['infection', 'classes'],
    help: 'multiplies the channels, for smaller nets',
  },
  channels: {
    kind: 'whole',
    least: 1,
    most: 1024,
    default: 32,
    tasks: ['infection'],
    help: "channels of the decoder's inputs",
  },
  weights: {
    kind: 'path',
    help: 'start from this checkpoint (.pth or .safetensors), whose net it then is',
    readme: 'start from a checkpoint, whose net it then is; a backbone alone is taken as `--backbone-weights`',
  },
  backboneWeights: {
    kind: 'path',
    tasks: ['infection'],
    help: 'start the backbone from this (Res2Net, ResNet-50 or VGG-16 trained on ImageNet), the rest from the seed',
    readme:
      'start the backbone from ImageNet weights (Res2Net-50 and -101 as released or of timm, ResNet-50 and VGG-16 of torchvision), the rest from the seed, as the paper does',
  },
  weightsKey: {
    kind: 'text',
    value: 'name',
    help: 'where the file of --weights holds several nets: the name of one (ema, or ema/model), or what its keys begin with (student.)',
  },
  /** What those were trained on, in the words of their file. */
  startedFrom: { kind: 'text', internal: true, help: 'what the weights to start from were trained on' },
} as const satisfies OptionTable;

/** How a run goes: what is frozen or kept, and which way it takes. */
const RUN_OPTIONS = {
  freezeBatchNorm: {
    kind: 'flag',
    trainer: 'frozenBatchNorm',
    help: 'keep running statistics as they are (fine-tuning with small batches)',
  },
  freeze: {
    kind: 'texts',
    default: [],
    help: 'do not train parameters whose names begin so, e.g. resnet.; repeat for several',
  },
  recompute: {
    kind: 'flag',
    changes: true,
    trainer: 'recompute',
    help: 'compute maps again instead of keeping them: half the memory, a third more work',
  },
  /** A step changes all weights, so that none stay float16: `half` would be `fast`. */
  precision: {
    kind: 'choice',
    values: ['fast', 'exact'],
    default: 'fast',
    before: 'exact',
    help: 'exact: the least noisy algorithms; fast: all that end in the same curves',
    readme:
      '`exact` keeps to the least noisy algorithms; the curves are those of `fast` ([figures](../../docs/training.md#fast-and-exact))',
  },
  snapshotEvery: {
    kind: 'whole',
    value: 'steps',
    default: 0,
    changes: true,
    named: ['snapshotEvery'],
    help: 'keep the state also within epochs; 0: only after each',
  },
  snapshotMinutes: {
    kind: 'number',
    value: 'minutes',
    default: 5,
    changes: true,
    named: ['snapshotMinutes'],
    help: 'keep the state also whenever so many minutes have passed; 0: not',
  },
  snapshotEpochs: {
    kind: 'whole',
    value: 'epochs',
    least: 1,
    default: 1,
    changes: true,
    trainer: 'snapshotEpochs',
    help: 'epochs between states; each holds weights and optimiser',
  },
  samples: {
    kind: 'whole',
    most: 64,
    default: 4,
    help: 'validation slices whose overlays are kept by epoch',
  },
  task: {
    kind: 'text',
    help: "a module (.js, .mjs) whose default export is a task of one's own, made by defineTask (default: infection)",
  },
  multiClass: {
    kind: 'flag',
    help: 'train the U-Net of the second stage: Imgs, GT with class maps, Prior',
  },
  semi: {
    kind: 'flag',
    tasks: ['infection'],
    help: 'semi-supervised: label slices of --unlabelled with the net, and learn from them',
  },
} as const satisfies OptionTable;

type Table = typeof METHOD_OPTIONS &
  typeof NET_OPTIONS &
  typeof DATA_OPTIONS &
  typeof RUN_OPTIONS &
  typeof SEMI_OPTIONS;

/** In the order of the help. */
export const TRAIN_OPTIONS: Table = {
  ...METHOD_OPTIONS,
  ...NET_OPTIONS,
  ...DATA_OPTIONS,
  ...RUN_OPTIONS,
  ...SEMI_OPTIONS,
};

/** What a training depends on: written to `config.json`, and read back to go on with it. */
export type TrainSettings = SettingsOf<typeof TRAIN_OPTIONS>;
