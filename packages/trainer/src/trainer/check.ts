/** Options of a training that cannot work, told before anything starts. */
import { checkNames, elementCount, InfnetError, type InputSpec } from '@infnet/core';
import { type NumberRange, numberProblems, SMALLEST, seedRange } from '../numbers.js';
import { checkClip, noClip } from '../optimizer/clip.js';
import type { Progress } from '../schedule.js';
import { checkLearningRate } from '../step/training-step.js';
import type { TrainerOptions } from './options.js';
import { type OrderOptions, stepCount } from './order.js';
import { imageSize } from './session.js';

type Checked = Partial<
  Pick<
    TrainerOptions<never>,
    | 'epochs'
    | 'batchSize'
    | 'seed'
    | 'accumulate'
    | 'scales'
    | 'sizeMultiple'
    | 'validateEvery'
    | 'patience'
    | 'snapshotEvery'
    | 'snapshotEpochs'
    | 'snapshotMinutes'
    | 'plan'
    | 'lastBatch'
  >
>;

const count = (value: number): NumberRange => ({ value, least: 1, whole: true });
const endless = (value: number): NumberRange => ({ value, least: 1, whole: true, endless: true });

/** A line for every option that is out of its range, `prefix` before its name. */
export function optionProblems(options: Checked, prefix = ''): string[] {
  const { epochs = 1, batchSize = 1, seed = 0, accumulate = 1, scales = [1], sizeMultiple = 32, plan = {} } = options;
  const {
    validateEvery = 1,
    patience = Infinity,
    snapshotEvery = Infinity,
    snapshotEpochs = 1,
    snapshotMinutes = Infinity,
  } = options;
  const { memoryBudget = Infinity, maxSubmitSeconds = 0.5 } = plan;
  const ranges: Readonly<Record<string, NumberRange>> = {
    epochs: count(epochs),
    batchSize: count(batchSize),
    seed: seedRange(seed),
    accumulate: count(accumulate),
    sizeMultiple: count(sizeMultiple),
    validateEvery: endless(validateEvery),
    patience: endless(patience),
    snapshotEvery: endless(snapshotEvery),
    snapshotEpochs: endless(snapshotEpochs),
    snapshotMinutes: { value: snapshotMinutes, least: SMALLEST, endless: true },
    'plan.memoryBudget': { value: memoryBudget, least: SMALLEST, endless: true },
    'plan.maxSubmitSeconds': { value: maxSubmitSeconds, least: SMALLEST, endless: true },
  };
  const named = Object.entries(ranges).map(([name, range]) => [prefix + name, range] as const);
  const problems = numberProblems(Object.fromEntries(named));
  if (
    scales.length === 0 ||
    scales.some((scale) => numberProblems({ scale: { value: scale, least: SMALLEST } }).length)
  )
    problems.push(`${prefix}scales are [${scales.join(', ')}], finite numbers above 0 are needed`);
  const { lastBatch = 'keep' } = options;
  if (lastBatch !== 'keep' && lastBatch !== 'drop')
    problems.push(`${prefix}lastBatch is "${lastBatch}", keep or drop is needed`);
  return problems;
}

export const PLAN_OPTIONS: readonly string[] = ['precision', 'memoryBudget', 'maxSubmitSeconds'];

const OPTIONS: Readonly<Record<keyof TrainerOptions, true>> = {
  net: true,
  optimizer: true,
  open: true,
  close: true,
  data: true,
  loss: true,
  learningRate: true,
  epochs: true,
  batchSize: true,
  seed: true,
  initial: true,
  clip: true,
  frozenBatchNorm: true,
  recompute: true,
  accumulate: true,
  scales: true,
  resize: true,
  sizeMultiple: true,
  shuffle: true,
  lastBatch: true,
  validate: true,
  validateEvery: true,
  best: true,
  patience: true,
  snapshotEvery: true,
  snapshotEpochs: true,
  snapshotMinutes: true,
  plan: true,
  prefetch: true,
  companion: true,
  resume: true,
  onMemory: true,
  onPrepare: true,
  onStep: true,
  onEpoch: true,
  onSnapshot: true,
  onBest: true,
  onRebuild: true,
};

/** @throws InfnetError `OPTION_UNKNOWN`, `TRAINER_OPTION` naming all that is wrong, `OPTIMIZER_OPTION` for the clip. */
export function checkOptions<N extends string>(options: TrainerOptions<N>): void {
  checkNames('Trainer', options, Object.keys(OPTIONS));
  checkNames('Trainer', options.plan ?? {}, PLAN_OPTIONS, 'option of plan');
  checkNames('Trainer', options.best ?? {}, ['metric', 'larger'], 'field of best');
  checkNames('Trainer', options.resize ?? {}, Object.keys(options.data.inputs), 'input');
  const { data, batchSize, lastBatch, patience = Infinity, validate, clip = noClip } = options;
  const problems = [
    // Beside what has a default, which the others have.
    ...numberProblems({
      epochs: count(options.epochs),
      batchSize: count(batchSize),
      'data.length': count(data.length),
    }),
    ...optionProblems({ ...(options as Checked), epochs: 1, batchSize: 1 }),
  ];
  if (lastBatch === 'drop' && data.length < batchSize) {
    problems.push(`${data.length} items make no batch of ${batchSize}, and smaller ones are dropped`);
  }
  if (patience !== Infinity && validate === undefined) {
    problems.push(`patience is ${patience}, but nothing is validated (\`validate\`), so nothing could become better`);
  }
  for (const [name, spec] of Object.entries<InputSpec>(data.inputs)) {
    if (!(elementCount('shape' in spec ? spec.shape : spec) >= 1)) problems.push(`input "${name}" is empty`);
  }
  if ((options.scales ?? []).some((scale) => scale !== 1) && imageSize(data.inputs) === undefined) {
    problems.push(`scales are [${options.scales}], but no input is an image [channels, height, width]`);
  }
  if (problems.length > 0) throw new InfnetError({ code: 'TRAINER_OPTION', message: problems.join('; ') });
  checkClip(clip);
}

/** Epochs whose learning rate is looked at in advance. */
const MOST_EPOCHS = 10_000;

/**
 * A schedule is a function of progress alone, so a rate that is no number is found before training begins, not after
 * hours: in the first step of every epoch from `first` on, and in the last step of all.
 *
 * @throws InfnetError `TRAINING_LEARNING_RATE` naming step and epoch.
 */
export function checkSchedule(
  rateAt: (progress: Progress) => number,
  order: OrderOptions,
  { scales, epochs, first }: { readonly scales: number; readonly epochs: number; readonly first: number },
  prefix = '',
): void {
  if (typeof rateAt !== 'function') {
    throw new InfnetError({
      code: 'TRAINER_OPTION',
      message: `${prefix}learningRate is ${String(rateAt)}, a function of progress is needed`,
      fix: 'Give a schedule, e.g. constant(1e-3).',
    });
  }
  const stepsPerEpoch = stepCount(order) * scales;
  const look = (epoch: number, step: number): void =>
    checkLearningRate(rateAt({ epoch, epochs, step, stepsPerEpoch }), `${prefix}step ${step + 1}, epoch ${epoch + 1}`);
  const last = Math.min(epochs, first + MOST_EPOCHS);
  for (let epoch = first; epoch < last; epoch++) look(epoch, epoch * stepsPerEpoch);
  if (first < epochs) look(epochs - 1, epochs * stepsPerEpoch - 1);
}
