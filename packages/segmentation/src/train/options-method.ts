/** Options of how a net learns: steps, rate, optimiser, loss. In the order of the help. */
import type { OptionTable } from '../options/table.js';

export const METHOD_OPTIONS = {
  data: {
    kind: 'path',
    value: 'folder',
    settled: true,
    help: 'required; slices (Imgs), masks (GT) and perhaps edges (Edge)',
  },
  size: {
    kind: 'whole',
    value: 'pixels',
    least: 16,
    most: 4096,
    default: 352,
    help: "the net's input size, a multiple of 32 (VGG-16: 16)",
  },
  epochs: {
    kind: 'whole',
    default: 100,
    changes: true,
    trainer: 'epochs',
    named: ['stages.labelled.epochs'],
    help: 'times through the slices; with --semi and --weights also 0',
  },
  batch: {
    kind: 'whole',
    least: 1,
    most: 4096,
    default: 8,
    trainer: 'batchSize',
    help: 'slices per batch',
  },
  lr: { kind: 'number', value: 'rate', above: 0, default: 1e-4, changes: true, help: 'learning rate' },
  schedule: {
    kind: 'choice',
    values: ['step', 'constant', 'cosine', 'as-released'],
    default: 'step',
    changes: true,
    help: 'how the learning rate falls',
    readme:
      'how the learning rate falls: `step`: a tenth after every 50 epochs, as the paper says; `constant`, `cosine`; `as-released`: what the released code really does (quirk 14)',
  },
  optimizer: {
    kind: 'choice',
    values: ['adam', 'adamw', 'sgd'],
    default: 'adam',
    help: 'how parameters move',
  },
  momentum: {
    kind: 'number',
    value: 'share',
    below: 1,
    help: 'of sgd (default: 0.9; with --multi-class 0.7)',
  },
  weightDecay: { kind: 'number', value: 'factor', default: 0, changes: true, help: 'of the optimiser' },
  clip: {
    kind: 'number',
    value: 'limit',
    settled: true,
    changes: true,
    help: 'clamp every gradient element to +- this; 0: none (default: 0.5, or 0 with --clip-norm)',
  },
  clipNorm: {
    kind: 'number',
    value: 'norm',
    default: 0,
    changes: true,
    help: 'scale all gradients down to this norm; 0: any',
  },
  loss: {
    kind: 'choice',
    values: ['as-released', 'paper', 'dice', 'cross-entropy'],
    default: 'as-released',
    tasks: ['infection', 'classes'],
    help: 'plain mean cross entropy and weighted IoU; both weighted, as the paper says; cross entropy and Dice; of classes',
    readme:
      'plain mean cross entropy and weighted IoU; `paper`: both weighted; `dice`: cross entropy and Dice; `cross-entropy`: of classes',
  },
  scales: {
    kind: 'numbers',
    default: [1],
    tasks: ['infection'],
    trainer: 'scales',
    named: ['the number of scales'],
    help: 'every batch is trained at each of these rates of --size',
    readme: 'every batch is trained at each of these rates of `--size`; the paper: `0.75,1,1.25`',
  },
  accumulate: {
    kind: 'whole',
    least: 1,
    default: 1,
    trainer: 'accumulate',
    help: 'batches per step, whose gradients are averaged',
  },
  seed: {
    kind: 'whole',
    most: 2147483648,
    default: 1,
    trainer: 'seed',
    help: 'first weights, order of slices, augmentation, drawn validation share',
  },
} as const satisfies OptionTable;
