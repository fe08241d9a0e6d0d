/** Options that cannot work, told before anything starts. */
import { checkNames, InfnetError } from '@infnet/core';
import { type NumberRange, seedRange } from '../numbers.js';
import { checkClip, noClip } from '../optimizer/clip.js';
import { checkSchedule, optionProblems, PLAN_OPTIONS } from '../trainer/check.js';
import type { PropagationOptions } from './options.js';
import { checkNumbers, semiOption } from './options-check.js';
import type { StageOptions, Stages, StageTraining } from './stages.js';
import type { SemiStrategy } from './strategy.js';

const KNOWN = ['image', 'mask', 'edge'];

const OPTIONS: Readonly<Record<keyof PropagationOptions, true>> = {
  open: true,
  close: true,
  net: true,
  labelled: true,
  unlabelled: true,
  loss: true,
  logits: true,
  edgeOf: true,
  encoding: true,
  store: true,
  strategy: true,
  stages: true,
  training: true,
  maxRounds: true,
  seed: true,
  initial: true,
  predictBatch: true,
  validate: true,
  handlers: true,
  onEvent: true,
  onState: true,
  resume: true,
};

const TRAINING: Readonly<Record<keyof StageTraining, true>> = {
  optimizer: true,
  clip: true,
  scales: true,
  sizeMultiple: true,
  frozenBatchNorm: true,
  recompute: true,
  accumulate: true,
  lastBatch: true,
  validateEvery: true,
  snapshotEvery: true,
  snapshotEpochs: true,
  snapshotMinutes: true,
  plan: true,
};

/** A misspelt option of a stage would be found when its training is over. @throws InfnetError `OPTION_UNKNOWN`. */
export function checkPropagationNames(options: PropagationOptions): void {
  const where = 'Propagation';
  checkNames(where, options, Object.keys(OPTIONS));
  const { handlers = {}, training = {}, stages = {} } = options;
  checkNames(where, handlers, ['onMemory', 'onPrepare', 'onStep', 'onRebuild'], 'handler');
  const known = Object.keys(TRAINING);
  checkNames(where, training, known, 'option of training');
  checkNames(where, stages, ['labelled', 'rounds', 'pseudo', 'finetune'], 'stage');
  for (const [name, stage] of Object.entries({ ...stages, training })) {
    const own = ['epochs', 'batchSize', 'learningRate', ...(name === 'pseudo' ? ['start', 'labelled'] : [])];
    checkNames(`${where}, stages.${name}`, stage ?? {}, [...own, ...known]);
    checkNames(`${where}, stages.${name}`, stage?.plan ?? {}, PLAN_OPTIONS, 'option of plan');
  }
}

/**
 * Everything that can be told before the first training: a stage comes hours later.
 *
 * @throws InfnetError `SEMI_NO_LABELLED`, `SEMI_NO_UNLABELLED`, `SEMI_OPTION`, `OPTIMIZER_OPTION`,
 *   `TRAINING_LEARNING_RATE`.
 */
export function checkPropagation(options: PropagationOptions, stages: Stages, strategy: SemiStrategy): void {
  const { labelled, unlabelled, maxRounds = Infinity, predictBatch = 8, seed = 0, initial, resume } = options;
  const least = (value: number): NumberRange => ({ value, least: 0, whole: true });
  checkNumbers({ 'labelled.length': least(labelled.length), 'unlabelled.length': least(unlabelled.length) });
  if (labelled.length < 1)
    throw none('SEMI_NO_LABELLED', 'labelled', 'A net that has seen no mask cannot label others.');
  if (unlabelled.length < 1) throw none('SEMI_NO_UNLABELLED', 'unlabelled', 'Use Trainer for labelled images alone.');
  checkEncoding(options);
  const ranges: Record<string, NumberRange> = {
    maxRounds: { ...least(maxRounds), endless: true },
    predictBatch: { value: predictBatch, least: 1, most: 65536, whole: true },
    seed: seedRange(seed),
  };
  for (const [name, { epochs, batchSize }] of Object.entries(stages)) {
    ranges[`stages.${name}.epochs`] = { value: epochs, least: 0, most: 1e9, whole: true };
    ranges[`stages.${name}.batchSize`] = { value: batchSize, least: 1, most: 65536, whole: true };
  }
  checkNumbers(ranges);
  if (stages.labelled.epochs === 0 && initial === undefined && resume === undefined) {
    throw semiOption('the stage `labelled` has 0 epochs, so there are no weights to label with', 'Give `initial`.');
  }
  checkInputs(options);
  strategy.check?.(unlabelled.length);
  checkStages(stages, labelled.length);
}

/** What `Trainer` would refuse. */
function checkStages(stages: Stages, labelled: number): void {
  const trained = Object.entries<StageOptions>({ ...stages }).filter(([, { epochs }]) => epochs > 0);
  const problems = trained.flatMap(([name, stage]) => {
    const { batchSize, lastBatch } = stage;
    // The other stages have pseudo-labelled images too.
    const isAlone = name === 'labelled' || name === 'finetune';
    if (!isAlone || lastBatch !== 'drop' || labelled >= batchSize) return optionProblems(stage, `stages.${name}.`);
    return [
      `${labelled} labelled images make no batch of stages.${name}.batchSize ${batchSize}, and smaller ones are dropped`,
    ];
  });
  if (problems.length > 0) throw semiOption(problems.join('; '));
  for (const [name, { epochs, batchSize, learningRate, clip = noClip, accumulate = 1, scales = [1] }] of trained) {
    checkClip(clip);
    const order = { length: labelled, batchSize, accumulate, lastBatch: 'keep', shuffle: true, seed: 0 } as const;
    checkSchedule(learningRate, order, { scales: scales.length, epochs, first: 0 }, `stages.${name}.`);
  }
}

function checkEncoding({ encoding = 'stretched' }: PropagationOptions): void {
  if (encoding === 'stretched' || encoding === 'probability' || typeof encoding === 'function') return;
  throw semiOption(`encoding is ${String(encoding)}`, 'Give stretched, probability, or a function.');
}

function checkInputs({ labelled, unlabelled, edgeOf }: PropagationOptions): void {
  const names = Object.keys(labelled.inputs);
  if (!names.includes('image')) throw semiOption(`the labelled data have ${names.join(', ')} but no "image"`);
  if (unlabelled.sample !== undefined) return;
  const unknown = names.filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0 || !names.includes('mask')) {
    const message = `the labelled data have the inputs ${names.join(', ')}; image, mask and edge can be made of a pseudo label`;
    throw semiOption(message, 'Give `unlabelled.sample`, which makes the inputs of one image and its label.');
  }
  if (names.includes('edge') && edgeOf === undefined) {
    throw semiOption('the loss takes an edge, and there is no `edgeOf`', 'Give binaryToEdge of @infnet/data.');
  }
}

function none(code: string, kind: string, fix: string): InfnetError {
  return new InfnetError({ code, message: `there are no ${kind} images`, fix });
}
