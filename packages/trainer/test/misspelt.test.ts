/** A misspelt option of a training is refused before anything runs, with those that there are. */
import { type Context, open, ParameterStore, type Tensor, trace } from '@infnet/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Adam,
  AdamW,
  bceWithLogits,
  boundaryLoss,
  classDiceLoss,
  confidenceFiltered,
  constant,
  cosine,
  crossEntropy,
  diceLoss,
  focalLoss,
  infNetLoss,
  jointLoss,
  lesionConfidence,
  meanTeacher,
  Propagation,
  randomSelection,
  releasedStep,
  SGD,
  stepDecay,
  Trainer,
  traceStep,
  trainingStep,
  tverskyLoss,
  warmUp,
} from '../src/index.js';
import { smallPropagation } from './support/semi.js';
import { SIZE, SmallNet, smallTraining, useSharedContext } from './support/small.js';

useSharedContext();

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const wrong = <T = never>(name: string, more: object = {}): T => ({ ...more, [name]: 1 }) as T;

describe('a misspelt option is refused by', () => {
  const store = (): ParameterStore => new ParameterStore(context, new SmallNet());
  it.each<[string, (x: Tensor) => unknown]>([
    ['stepDecay', () => stepDecay(1, wrong('evry'))],
    ['releasedStep', () => releasedStep(1, wrong('gamma'))],
    ['cosine', () => cosine(1, wrong('min'))],
    ['warmUp', () => warmUp(constant(1), wrong('step', { steps: 1 }))],
    ['SGD', () => new SGD(store(), wrong('weight_decay'))],
    ['Adam', () => new Adam(store(), wrong('beta'))],
    ['AdamW', () => new AdamW(store(), wrong('decay'))],
    ['settings of a parameter', () => new Adam(store(), { settings: () => wrong('freeze') })],
    ['crossEntropy', (x) => crossEntropy(x, x, wrong('ignore_index'))],
    ['focalLoss', (x) => focalLoss(x, x, wrong('alpha'))],
    ['boundaryLoss', (x) => boundaryLoss(x, x, wrong('sigmoid'))],
    ['classDiceLoss', (x) => classDiceLoss(x, x, wrong('squares'))],
    ['tverskyLoss', (x) => tverskyLoss(x, x, wrong('gamma'))],
    ['diceLoss', (x) => diceLoss(x, x, wrong('smoth'))],
    ['jointLoss', (x) => jointLoss(x, x, wrong('kind'))],
    ['infNetLoss', (x) => infNetLoss({} as never, { mask: x }, wrong('kind'))],
    ['infNetLoss, of its targets', (x) => infNetLoss({} as never, wrong('edges', { mask: x }))],
    ['lesionConfidence', () => lesionConfidence(wrong('width'))],
    ['meanTeacher', () => meanTeacher(wrong('rampup'))],
    ['randomSelection', () => randomSelection(wrong('group'))],
    ['confidenceFiltered', () => confidenceFiltered(wrong('acept'))],
    ['confidenceFiltered, of what it accepts', () => confidenceFiltered({ accept: wrong('treshold', { best: 0.5 }) })],
    ['Trainer', () => new Trainer({ ...smallTraining(), ...wrong<object>('validateevery') })],
    ['Trainer, of its plan', () => new Trainer({ ...smallTraining(), plan: wrong('memory') })],
    [
      'Trainer, of best',
      () => new Trainer({ ...smallTraining(), best: wrong('metrik', { metric: 'a', larger: true }) }),
    ],
    ['Trainer, of resize', () => new Trainer({ ...smallTraining(), resize: wrong('masks') })],
    ['Propagation', () => new Propagation({ ...smallPropagation(), ...wrong<object>('maxrounds') })],
    ['Propagation, of its handlers', () => new Propagation({ ...smallPropagation(), handlers: wrong('onstep') })],
    ['Propagation, of training', () => new Propagation({ ...smallPropagation(), training: wrong('optimiser') })],
    ['Propagation, of its stages', () => new Propagation({ ...smallPropagation(), stages: wrong('finetuning') })],
    ['Propagation, of a stage', () => new Propagation({ ...smallPropagation(), stages: { finetune: wrong('epoch') } })],
    ['traceStep', () => traceStep(wrong('frozenBatchnorm'))],
  ])('%s', (_, make) => {
    const attempt = (): unknown =>
      trace(
        ({ x }) => {
          make(x);
          return x;
        },
        { x: [1, 2, 4, 4] },
      );
    expect(attempt).toThrow(/OPTION_UNKNOWN.*There are:/s);
  });

  it('training steps and the runs of all', async () => {
    const net = new SmallNet();
    using parameters = new ParameterStore(context, net);
    parameters.initialize(1);
    using optimizer = new SGD(parameters);
    const loss = ({ image, mask }: { readonly image: Tensor; readonly mask: Tensor }): Tensor =>
      bceWithLogits(net.call(image), mask);
    const shape = [1, 1, SIZE, SIZE];
    const options = { net, optimizer, loss, inputs: { image: shape, mask: shape } };
    const refused = (promise: Promise<unknown>): Promise<void> => expect(promise).rejects.toThrow(/OPTION_UNKNOWN/);
    await refused(trainingStep(context, { ...options, ...wrong<object>('acumulate') }));
    await refused(trainingStep(context, { ...options, resize: wrong('masks') }));
    const named = (given: never): unknown => ({ loss: loss(given), metrics: {} });
    await refused(trainingStep(context, { ...options, loss: named as never }));
    using step = await trainingStep(context, options);
    const image = new Float32Array(SIZE * SIZE);
    await refused(step.run({ image, mask: image }, wrong('lr', { learningRate: 0.1 })));
    await refused(new Trainer(smallTraining()).run(wrong('abort')));
    await refused(new Propagation(smallPropagation()).run(wrong('abort')));
  });
});

it('scales are refused where there is no image to resize: every batch would be trained twice as it is', () => {
  const data = {
    length: 4,
    inputs: { x: [3], y: { shape: [8, 8], dtype: 'u32' } as const },
    batch: () => ({}) as never,
  };
  const trainer = (scales: readonly number[]) => new Trainer({ ...smallTraining(), data, scales } as never);
  expect(() => trainer([0.75, 1])).toThrow(/TRAINER_OPTION.*no input is an image/);
  expect(() => trainer([1])).not.toThrow();
});

it('a word that is none of those that there are is refused', () => {
  const words = { activation: 'sigmod', variant: 'papr', result: 'techer', remainder: 'keep' } as never;
  trace(
    ({ x }) => {
      const { activation, variant, result, remainder } = words;
      expect(() => diceLoss(x, x, { activation })).toThrow(/OPTION_INVALID.*"sigmod"/);
      expect(() => jointLoss(x, x, { variant })).toThrow(/OPTION_INVALID.*"papr"/);
      expect(() => infNetLoss({} as never, { mask: x }, { variant })).toThrow(/OPTION_INVALID.*"papr"/);
      expect(() => meanTeacher({ result })).toThrow(/SEMI_OPTION.*"techer"/);
      expect(() => randomSelection({ remainder })).toThrow(/SEMI_OPTION.*"keep"/);
      return x;
    },
    { x: [1, 2, 4, 4] },
  );
});
