/** Options of a semi-supervised training: all of them of Inf-Net's task. In the order of the help. */
import type { OptionTable } from '../options/table.js';

const ROWS = {
  unlabelled: {
    kind: 'path',
    value: 'folder',
    help: 'slices (Imgs) without masks',
  },
  strategy: {
    kind: 'choice',
    values: ['random', 'confidence', 'mean-teacher'],
    default: 'random',
    help: 'random: as the paper; confidence: the surest first; mean-teacher',
  },
  group: {
    kind: 'whole',
    least: 1,
    default: 5,
    named: ['groupSize', 'pool'],
    help: 'unlabelled slices per round (confidence: the pool)',
  },
  accept: {
    kind: 'number',
    value: 'share',
    above: 0,
    most: 1,
    default: 0.5,
    named: ['accept.best'],
    help: 'confidence: share of the pool that gets its label',
  },
  roundEpochs: {
    kind: 'whole',
    default: 9,
    named: ['stages.rounds.epochs'],
    help: 'epochs after each round',
  },
  roundLr: {
    kind: 'number',
    value: 'rate',
    above: 0,
    default: 3e-4,
    help: 'learning rate of the rounds',
  },
  maxRounds: {
    kind: 'whole',
    default: 0,
    named: ['maxRounds'],
    help: 'rounds at most; 0: until all slices are used',
  },
  teacherEpochs: {
    kind: 'whole',
    least: 1,
    default: 30,
    help: 'mean-teacher: epochs of its round',
  },
  pseudoEpochs: {
    kind: 'whole',
    settled: true,
    named: ['stages.pseudo.epochs'],
    help: 'then on all pseudo labels and the labelled slices; 0: not (default: --epochs)',
  },
  pseudoStart: {
    kind: 'choice',
    value: 'from',
    values: ['anew', 'continue'],
    default: 'anew',
    help: 'that stage begins with first weights, or goes on',
  },
  finetuneEpochs: {
    kind: 'whole',
    settled: true,
    named: ['stages.finetune.epochs'],
    help: 'at last on the labelled slices; 0: not (default: --epochs)',
  },
  labels: {
    kind: 'choice',
    values: ['stretched', 'probability'],
    default: 'stretched',
    named: ['encoding'],
    help: 'pseudo labels stretched to full contrast as released, or probabilities',
  },
} as const satisfies OptionTable;

const OF_SEMI = { tasks: ['infection'], method: 'semi' } as const;

type OfSemi<T> = { readonly [N in keyof T]: T[N] & typeof OF_SEMI };

function ofSemi<T extends OptionTable>(rows: T): OfSemi<T>;
function ofSemi(rows: OptionTable): OptionTable {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, { ...row, ...OF_SEMI }]));
}

export const SEMI_OPTIONS: OfSemi<typeof ROWS> = ofSemi(ROWS);
