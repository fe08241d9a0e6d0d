/** What the tasks say of their trainings. */
import type { NetOptions, TaskClass, TaskNet, TaskTraining, ValidationText } from '../task.js';
import type { TrainSettings } from './options.js';

const MAP_SCORES: ValidationText = {
  note:
    'Means over the validation slices, each at its own size. Dice and IoU are taken at probability 0.5; mean Dice over 256 ' +
    'thresholds. The stretched map is the released test code’s: every map brought to full contrast.',
  curves: [
    ['Dice', 'dice'],
    ['IoU', 'iou'],
    ['mean Dice', 'meanDice'],
    ['Dice, stretched map', 'releasedDice', true],
    ['mean Dice, stretched map', 'releasedMeanDice', true],
  ],
  columns: ['epoch', 'Dice', 'IoU', 'sensitivity', 'specificity', 'mean Dice', 'MAE'],
  rows: (epoch, metrics) => [
    [epoch, ...['dice', 'iou', 'sensitivity', 'specificity', 'meanDice', 'mae'].map((key) => metrics[key])],
  ],
  beside: [],
};

/** @param classes of the task, without the background */
function classScores(classes: readonly TaskClass[]): ValidationText {
  const names = classes.map(({ short }) => short).join(' and ');
  const keyed = classes.map(({ short, key }) => [short, key.charAt(0).toUpperCase() + key.slice(1)] as const);
  const decides = 'it decides which epoch is best.';
  return {
    note: `Each slice at its own size, the pixels of all validation slices counted together. Mean Dice is that of ${names}; ${decides}`,
    curves: [
      ...keyed.map(([name, key]) => [`Dice, ${name}`, `dice${key}`] as const),
      [classes.length === 2 ? 'mean of the two' : 'mean of all', 'dice', true],
    ],
    columns: ['epoch', 'class', 'Dice', 'sensitivity', 'specificity'],
    rows: (epoch, metrics) =>
      keyed.map(([name, key]) => [
        ...[epoch, name],
        ...['dice', 'sensitivity', 'specificity'].map((score) => metrics[score + key]),
      ]),
    beside: keyed.map(([name, key]) => [name, `dice${key}`] as const),
  };
}

const LEGEND = 'Green: what is infected. Orange: what the net says (probability at least 0.5).';

export const INFECTION_TRAINING: TaskTraining = {
  title: 'Inf-Net',
  defaults: {},
  netOptions: ({ backbone, width, channels }) => ({ backbone, width, channels }),
  foreign: { why: 'of another net than Inf-Net', fix: 'Leave it out.' },
  lossNote(loss) {
    const kinds: Readonly<Record<string, string>> = {
      'as-released': 'plain mean cross entropy, as the code was released, and weighted IoU',
      paper: 'weighted cross entropy, as the paper says, and weighted IoU',
      dice: 'mean cross entropy and soft Dice',
    };
    return `The sum of five: cross entropy of the edge, and for each of four maps ${kinds[loss]}.`;
  },
  parts: {
    edge: 'edge',
    map5: 'map 5 (global)',
    map4: 'map 4',
    map3: 'map 3',
    map2: 'map 2 (the prediction)',
  },
  legend: LEGEND,
  validation: MAP_SCORES,
  describe: ({ options }, size, origin) => ({ ...options, size, ...origin }),
};

/** The released method (quirk 27), but with cross entropy over corrected labels. */
export function classesTraining(classes: readonly TaskClass[], channelOrder: string): TaskTraining {
  const losses: Readonly<Record<string, string>> = {
    'cross-entropy': 'Cross entropy of background, ground-glass and consolidation, mean over the pixels.',
    'as-released':
      'Mean binary cross entropy of three sigmoids, with labels and channels as the released code has them.',
  };
  return {
    title: 'the multi-class U-Net',
    defaults: { loss: 'cross-entropy', optimizer: 'sgd', momentum: 0.7, lr: 1e-2, schedule: 'constant', clip: 0 },
    netOptions: ({ width, loss }) => ({ width, order: loss === 'as-released' ? loss : 'classes' }),
    foreign: {
      why: 'not with --multi-class, which trains a U-Net',
      fix: 'Leave it out. The net is made smaller by --width.',
    },
    // At 16 to 31 pixels the deepest maps are single values, of which one alone has no variance.
    leastSize: { size: 32, why: 'the U-Net halves it four times' },
    lossNote: (loss) => losses[loss] ?? '',
    parts: {},
    legend: 'Red: ground-glass opacity. Green: consolidation. First the truth, then what the net says.',
    validation: classScores(classes.slice(1)),
    describe: ({ options }, size) => ({
      net: 'unet',
      width: options['width'],
      size,
      [channelOrder]: options['order'],
    }),
  };
}

/** Of a task of somebody's own. */
export function ownTraining(
  name: string,
  classes: readonly TaskClass[],
  defaults: Partial<TrainSettings>,
  metadata: (options: NetOptions) => Readonly<Record<string, unknown>>,
): TaskTraining {
  return {
    title: name,
    defaults,
    foreign: { why: `not of the task ${name}`, fix: 'Leave it out.' },
    lossNote: () => '',
    parts: {},
    legend: 'First the truth, then what the net says, each class in its colour.',
    validation: classes.length === 2 ? MAP_SCORES : classScores(classes.slice(1)),
    describe: ({ options }: TaskNet, size, origin) => ({ ...metadata(options), size, ...origin }),
  };
}
