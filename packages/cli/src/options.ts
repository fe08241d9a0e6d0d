/** Rows that the tables of several commands have in common. */
import { type OptionRow, TRAIN_OPTIONS } from '@infnet/segmentation/options';

export { optionFlag } from '@infnet/segmentation/options';

export const ADAPTER_ROW = {
  kind: 'choice',
  values: ['auto', 'gpu', 'llvmpipe', 'swiftshader'],
  help: 'which adapter to take (default: INFNET_ADAPTER, else auto)',
} as const satisfies OptionRow;

export const TUNING_ROW = {
  kind: 'text',
  help: 'fastest kernels for this adapter, a file of infnet tune (default: usual ones)',
} as const satisfies OptionRow;

export const PRECISION_ROW = {
  kind: 'choice',
  values: ['exact', 'fast', 'half'],
  help: 'exact: the least noisy algorithms; fast: all (default); half: weights as float16 where the adapter can',
} as const satisfies OptionRow;

/** `taskOf` takes it. */
export const TASK_ROW = {
  kind: 'text',
  help: "a module (.js, .mjs) whose default export is a task of one's own, made by defineTask (default: infection)",
} as const satisfies OptionRow;

/** Checkpoints that must be given. */
export const WEIGHTS_ROW = {
  kind: 'text',
  settled: true,
  help: 'required; checkpoint: .pth or .safetensors',
} as const satisfies OptionRow;

export const BATCH_ROW = {
  kind: 'whole',
  least: 1,
  most: 1024,
  default: 1,
  help: 'slices per run of the net',
} as const satisfies OptionRow;

/** Of weights that are there. */
export const WEIGHTS_BACKBONE_ROW = {
  kind: 'choice',
  value: 'name',
  values: TRAIN_OPTIONS.backbone.values,
  tasks: ['infection'],
  help: 'which backbone the weights are of (default: told from their keys)',
} as const satisfies OptionRow;

export const JSON_ROW = {
  kind: 'flag',
  unset: true,
  help: 'print one JSON document on stdout',
} as const satisfies OptionRow;

/** Of what is drawn: phantoms, first weights. */
export const SEED_ROW = {
  kind: 'whole',
  most: 2147483648,
  default: 1,
  help: 'the same seed gives the same bytes',
} as const satisfies OptionRow;
