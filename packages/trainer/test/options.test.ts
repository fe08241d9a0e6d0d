/**
 * Every number among the options of trainings: one that makes no sense is refused before anything runs, by its name.
 */
import { type Context, InfnetError, open, ParameterStore } from '@infnet/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Adam,
  type AdamOptions,
  AdamW,
  bceWithLogits,
  clampGradients,
  clipGradientNorm,
  confidenceFiltered,
  constant,
  cosine,
  lesionConfidence,
  meanTeacher,
  Propagation,
  randomSelection,
  releasedStep,
  SGD,
  type StepReport,
  scaledSize,
  stepDecay,
  Trainer,
  type TrainerOptions,
  trainingStep,
  warmUp,
} from '../src/index.js';
import { smallPropagation } from './support/semi.js';
import { discs, lossOf, SIZE, SmallNet, smallTraining, useSharedContext } from './support/small.js';

useSharedContext();

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const NEVER: readonly unknown[] = [Number.NaN, -Infinity, -1, -1e-30, 1e39, null, '1'];
const [ZERO, FRACTION, ENDLESS] = [0, 1.5, Infinity];

/** What is refused beside `NEVER`; what is taken. */
type Row = readonly [
  name: string,
  make: (value: number) => unknown,
  refused: readonly number[],
  taken: readonly number[],
];

function refusal(make: () => unknown): InfnetError | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    if (error instanceof InfnetError) return error;
    throw error;
  }
}

function walk(rows: readonly Row[], code: RegExp): void {
  it.each(rows)('%s', (name, make, refused, taken) => {
    const last = name.split(/[. ]/).at(-1) as string;
    for (const value of [...NEVER, ...refused]) {
      const error = refusal(() => make(value as number));
      expect(error?.code, `${name} = ${value}`).toMatch(code);
      expect(error?.message, `${name} = ${value}`).toContain(last);
    }
    for (const value of taken) expect(refusal(() => make(value))?.message, `${name} = ${value}`).toBeUndefined();
  });
}

describe('schedules', () => {
  walk(
    [
      ['constant rate', (v) => constant(v), [ENDLESS], [0, 1e-4]],
      ['stepDecay rate', (v) => stepDecay(v), [ENDLESS], [0, 1e-4]],
      ['stepDecay every', (v) => stepDecay(1, { every: v }), [ZERO, FRACTION], [1, ENDLESS]],
      ['stepDecay factor', (v) => stepDecay(1, { factor: v }), [ZERO, ENDLESS], [0.1, 1]],
      ['releasedStep rate', (v) => releasedStep(v), [ENDLESS], [0, 1e-4]],
      ['releasedStep every', (v) => releasedStep(1, { every: v }), [ZERO, FRACTION], [1]],
      ['releasedStep factor', (v) => releasedStep(1, { factor: v }), [ZERO, ENDLESS], [0.1]],
      ['cosine rate', (v) => cosine(v), [ENDLESS], [0, 1]],
      ['cosine minimum', (v) => cosine(1, { minimum: v }), [ENDLESS], [0, 0.1]],
      ['warmUp steps', (v) => warmUp(constant(1), { steps: v }), [FRACTION, ENDLESS], [0, 5]],
    ],
    /^SCHEDULE_OPTION$/,
  );
});

describe('optimisers and clips', () => {
  const made = (make: (store: ParameterStore) => Disposable): void => {
    using store = new ParameterStore(context, new SmallNet());
    make(store)[Symbol.dispose]();
  };
  const adam = (options: AdamOptions): void => made((store) => new Adam(store, options));
  const one = (settings: { readonly learningRate?: number; readonly weightDecay?: number }): void =>
    made((store) => new SGD(store, { settings: (name) => (name === 'second.bias' ? settings : undefined) }));
  walk(
    [
      ['beta1', (v) => adam({ betas: [v, 0.9] }), [1, FRACTION, ENDLESS], [0, 0.9]],
      ['beta2', (v) => adam({ betas: [0.9, v] }), [1, FRACTION, ENDLESS], [0, 0.9]],
      ['eps', (v) => adam({ eps: v }), [ZERO, 1e-60, ENDLESS], [1e-8, 1]],
      ['weightDecay', (v) => adam({ weightDecay: v }), [ENDLESS], [0, 0.1]],
      ['AdamW weightDecay', (v) => made((store) => new AdamW(store, { weightDecay: v })), [ENDLESS], [0, 0.1]],
      ['momentum', (v) => made((store) => new SGD(store, { momentum: v })), [ENDLESS], [0, 0.9]],
      ['SGD weightDecay', (v) => made((store) => new SGD(store, { weightDecay: v })), [ENDLESS], [0, 0.1]],
      ['settings("second.bias").learningRate', (v) => one({ learningRate: v }), [ENDLESS], [0, 3]],
      ['settings("second.bias").weightDecay', (v) => one({ weightDecay: v }), [ENDLESS], [0, 3]],
      ['clampGradients limit', (v) => clampGradients(v), [ZERO, 1e-60, ENDLESS], [0.5]],
      ['clipGradientNorm maxNorm', (v) => clipGradientNorm(v), [ZERO, ENDLESS], [1]],
      ['Trainer clip.limit', (v) => trainer({ clip: { limit: v, maxNorm: 0 } }), [ZERO], [0.5, ENDLESS]],
      ['Trainer clip.maxNorm', (v) => trainer({ clip: { limit: 1, maxNorm: v } }), [ENDLESS], [0, 1]],
    ],
    /^OPTIMIZER_OPTION$/,
  );
});

const trainer = (options: Partial<TrainerOptions>): Trainer => new Trainer(smallTraining(options));
const validate = async (): Promise<Record<string, number>> => ({ dice: 1 });

describe('the trainer', () => {
  walk(
    [
      ['epochs', (v) => trainer({ epochs: v }), [ZERO, FRACTION, ENDLESS], [1]],
      ['batchSize', (v) => trainer({ batchSize: v }), [ZERO, FRACTION, ENDLESS], [1, 100]],
      ['accumulate', (v) => trainer({ accumulate: v }), [ZERO, FRACTION, ENDLESS], [1, 2]],
      ['seed', (v) => trainer({ seed: v }), [FRACTION, ENDLESS, 2 ** 32], [0, 2 ** 32 - 1]],
      ['scales', (v) => trainer({ scales: [1, v] }), [ZERO, ENDLESS], [0.75]],
      ['sizeMultiple', (v) => trainer({ sizeMultiple: v }), [ZERO, FRACTION, ENDLESS], [1]],
      ['validateEvery', (v) => trainer({ validateEvery: v }), [ZERO, FRACTION], [1, ENDLESS]],
      ['patience', (v) => trainer({ validate, patience: v }), [ZERO, FRACTION], [1, ENDLESS]],
      ['snapshotEvery', (v) => trainer({ snapshotEvery: v }), [ZERO, FRACTION], [1, ENDLESS]],
      ['snapshotEpochs', (v) => trainer({ snapshotEpochs: v }), [ZERO, FRACTION], [1, ENDLESS]],
      ['plan.memoryBudget', (v) => trainer({ plan: { memoryBudget: v } }), [ZERO], [1e9, ENDLESS]],
      ['plan.maxSubmitSeconds', (v) => trainer({ plan: { maxSubmitSeconds: v } }), [ZERO], [0.5, ENDLESS]],
      ['data.length', (v) => trainer({ data: { ...discs(6), length: v } }), [ZERO, FRACTION, ENDLESS], [1]],
    ],
    /^TRAINER_OPTION$/,
  );

  it.each([
    ['patience without validation', { patience: 3 }, /TRAINER_OPTION.*patience is 3.*nothing is validated/],
    ['an order that is none', { lastBatch: 'skip' as 'keep' }, /TRAINER_OPTION.*lastBatch is "skip"/],
    ['a rate instead of a schedule', { learningRate: 0.1 as never }, /TRAINER_OPTION.*learningRate is 0\.1.*constant/s],
    [
      'an input without values',
      { data: { ...discs(6), inputs: { image: [1, Number.NaN] } } },
      /input "image" is empty/,
    ],
    // 3 steps in each of 3 epochs.
    [
      'a schedule out of its domain',
      { learningRate: ({ epoch }) => Math.sqrt(1 - epoch) },
      /TRAINING_LEARNING_RATE.*is NaN.*step 7, epoch 3/,
    ],
    ['one that ends below 0', { learningRate: ({ step }) => 1 - step / 7 }, /TRAINING_LEARNING_RATE.*step 9, epoch 3/],
    ['one that overflows', { learningRate: ({ epoch }) => 1e30 ** epoch }, /TRAINING_LEARNING_RATE.*step 7, epoch 3/],
  ] satisfies readonly (readonly [string, Partial<TrainerOptions>, RegExp])[])('refuses %s', (_, options, message) => {
    expect(() => trainer(options)).toThrow(message);
  });

  it('stops before a step whose rate is none, with everything as it was', async () => {
    const learningRate = ({ step }: { readonly step: number }): number => (step === 4 ? Number.NaN : 0.02);
    const training = trainer({ learningRate });
    await expect(training.run()).rejects.toThrow(/TRAINING_LEARNING_RATE.*is NaN.*step 5, epoch 2/);
    expect(training.lastState?.position.step).toBe(4);
    for (const { data } of training.lastState?.parameters.values() ?? []) {
      expect([...(data as Float32Array)].every(Number.isFinite)).toBe(true);
    }
  });
});

describe('a step', () => {
  const inputs = { image: [2, 1, SIZE, SIZE], mask: [2, 1, SIZE, SIZE] };
  const batch = (): Record<string, Float32Array> =>
    discs(6).batch([0, 1].map((index) => ({ index, epoch: 0, seed: 0 }))) as Record<string, Float32Array>;

  it('takes no rate that is none, no inputs that are not its own, and changes nothing by them', async () => {
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    store.initialize(3);
    using optimizer = new Adam(store);
    using step = await trainingStep(context, { net, optimizer, inputs, loss: lossOf(net) });
    const before = await store.read();
    const run = step.run.bind(step) as (given: object, options?: object) => Promise<StepReport>;
    for (const learningRate of [undefined, ...NEVER, ENDLESS]) {
      await expect(run(batch(), { learningRate }), String(learningRate)).rejects.toThrow(/TRAINING_LEARNING_RATE/);
      await expect(step.profile(batch(), { learningRate } as never)).rejects.toThrow(/TRAINING_LEARNING_RATE/);
    }
    await expect(run(batch())).rejects.toThrow(/TRAINING_LEARNING_RATE.*no learning rate/);
    const rate = { learningRate: 0.1 };
    await expect(run({ ...batch(), edge: new Float32Array(2) }, rate)).rejects.toThrow(/PLAN_INPUT.*edge/);
    await expect(run({ ...batch(), 'step/numbers': new Float32Array(8) }, rate)).rejects.toThrow(/PLAN_INPUT.*step\//);
    await expect(run({ ...batch(), mask: new Float32Array(3) }, rate)).rejects.toThrow(/PLAN_INPUT.*mask/);
    await expect(run({ image: batch()['image'] }, rate)).rejects.toThrow(/PLAN_INPUT.*mask/);
    expect(await store.read()).toEqual(before);
    expect(optimizer.steps).toBe(0);
    expect((await run(batch(), rate)).finite).toBe(true);
  });

  it('takes no names that are its own, and no part that is called like the whole', async () => {
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    using optimizer = new SGD(store);
    const step = (inputs: object, more: object) =>
      trainingStep(context, {
        net,
        optimizer,
        inputs: inputs as Record<string, readonly number[]>,
        loss: (given) => {
          const logits = net.call(Object.values(given)[0] as never);
          const loss = bceWithLogits(logits, logits);
          return { loss, ...Object.fromEntries(Object.entries(more).map(([kind, name]) => [kind, { [name]: loss }])) };
        },
      });
    const image = [2, 1, SIZE, SIZE];
    await expect(step({ 'step/x': image }, {})).rejects.toThrow(/TRAINING_NAME.*step\/x/);
    await expect(step({ image }, { outputs: 'step/report' })).rejects.toThrow(/TRAINING_NAME.*step\/report/);
    await expect(step({ image }, { parts: 'loss' })).rejects.toThrow(/TRAINING_LOSS.*"loss"/);
    await expect(
      trainingStep(context, {
        net,
        optimizer,
        inputs: { image },
        loss: ({ image }) => image,
        clip: { limit: NaN, maxNorm: 0 },
      }),
    ).rejects.toThrow(/OPTIMIZER_OPTION.*clip\.limit/);
  });

  it('has a size at every rate that is one', () => {
    for (const args of [
      [NaN, 1],
      [352, NaN],
      [352, 0],
      [352, Infinity],
      [352, 1, 0],
      [352, 1, 1.5],
      [0.5, 1],
    ] as const) {
      expect(() => scaledSize(...(args as readonly [number, number, number?])), String(args)).toThrow(/TRAINER_OPTION/);
    }
  });
});

describe('a propagation', () => {
  const stages = (stage: object): Propagation =>
    new Propagation(smallPropagation({ stages: { ...smallPropagation().stages, rounds: stage } as never }));
  const whole = smallPropagation().stages?.rounds as object;
  walk(
    [
      ['seed', (v) => new Propagation(smallPropagation({ seed: v })), [FRACTION, ENDLESS], [0]],
      ['maxRounds', (v) => new Propagation(smallPropagation({ maxRounds: v })), [FRACTION], [0, 3, ENDLESS]],
      ['predictBatch', (v) => new Propagation(smallPropagation({ predictBatch: v })), [ZERO, FRACTION, ENDLESS], [1]],
      ['stages.rounds.epochs', (v) => stages({ ...whole, epochs: v }), [FRACTION, ENDLESS], [0, 1]],
      ['stages.rounds.batchSize', (v) => stages({ ...whole, batchSize: v }), [ZERO, FRACTION, ENDLESS], [4]],
      ['stages.rounds.accumulate', (v) => stages({ ...whole, accumulate: v }), [ZERO, FRACTION, ENDLESS], [1]],
      ['stages.rounds.scales', (v) => stages({ ...whole, scales: [v] }), [ZERO, ENDLESS], [1]],
      ['stages.rounds.validateEvery', (v) => stages({ ...whole, validateEvery: v }), [ZERO, FRACTION], [ENDLESS]],
      ['stages.rounds.snapshotEvery', (v) => stages({ ...whole, snapshotEvery: v }), [ZERO, FRACTION], [ENDLESS]],
      ['randomSelection groupSize', (v) => randomSelection({ groupSize: v }), [ZERO, FRACTION, ENDLESS], [1]],
      ['confidenceFiltered pool', (v) => confidenceFiltered({ pool: v }), [ZERO, FRACTION], [1, ENDLESS]],
      ['accept.best', (v) => confidenceFiltered({ accept: { best: v } }), [ZERO, FRACTION, ENDLESS], [0.5, 1]],
      ['accept.threshold', (v) => confidenceFiltered({ accept: { threshold: v } }), [FRACTION, ENDLESS], [0, 1]],
      ['lesionConfidence band', (v) => lesionConfidence({ band: v }), [FRACTION, ENDLESS], [0, 5]],
      ['meanTeacher epochs', (v) => meanTeacher({ epochs: v }), [ZERO, FRACTION, ENDLESS], [1]],
      ['meanTeacher decay', (v) => meanTeacher({ decay: v }), [FRACTION, ENDLESS], [0, 1]],
      ['meanTeacher weight', (v) => meanTeacher({ weight: v }), [ENDLESS], [0, 1]],
      ['meanTeacher rampUp', (v) => meanTeacher({ rampUp: v }), [ENDLESS], [0, 1.5]],
      ['meanTeacher noise', (v) => meanTeacher({ noise: v }), [ENDLESS], [0, 1]],
    ],
    /^SEMI_OPTION$/,
  );

  it('looks at the rates and clips of all its stages before the first one', () => {
    expect(() => stages({ ...whole, learningRate: () => Number.NaN })).toThrow(
      /TRAINING_LEARNING_RATE.*stages\.rounds\.step 1, epoch 1/,
    );
    expect(() => stages({ ...whole, clip: { limit: -1, maxNorm: 0 } })).toThrow(/OPTIMIZER_OPTION.*clip\.limit/);
    expect(() => new Propagation(smallPropagation({ encoding: 'sharp' as never }))).toThrow(/SEMI_OPTION.*sharp/);
    const finetune = { ...whole, batchSize: 5 };
    expect(() => new Propagation(smallPropagation({ stages: { ...smallPropagation().stages, finetune } }))).toThrow(
      /SEMI_OPTION.*finetune.*5/,
    );
  });

  it('takes no score and no label that is none', async () => {
    const run = (options: Parameters<typeof smallPropagation>[0]) => new Propagation(smallPropagation(options)).run();
    const strategy = confidenceFiltered({ confidence: ({ probability }) => Math.log(-(probability[0] as number)) });
    await expect(run({ strategy })).rejects.toThrow(/SEMI_PLAN.*confidence of image \d is NaN/);
    const scored = { ...randomSelection(), next: () => ({ label: [0], scores: [Number.NaN] }) };
    await expect(run({ strategy: scored })).rejects.toThrow(/SEMI_PLAN.*score of NaN for image 0/);
    await expect(run({ encoding: () => new Uint8Array(3) })).rejects.toThrow(/SEMI_DATA.*3 values, 16 x 16/);
  });
});
