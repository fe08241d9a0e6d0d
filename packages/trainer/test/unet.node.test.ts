/** Five steps of the multi-class U-Net against the reference's: SGD with momentum, cross entropy after the sigmoid. */
import { type Context, open, ParameterStore } from '@infnet/core';
import { UNet } from '@infnet/inf-net';
import { sigmoid } from '@infnet/nn';
import { expectClose, hasGolden, loadGolden, longNote, param, roleOf } from '@infnet/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bce, SGD, trainingStep } from '../src/index.js';
import {
  compareBuffers,
  compareParameters,
  expectErrors,
  type RecordedParameter,
  type TrainSidecar,
  valuesOf,
} from './support/train-golden.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

const here = hasGolden('train/unet_sgd');
const why = here ? longNote : ' (skipped: ../shared/golden/train/unet_sgd is not here)';

interface UNetSidecar extends Omit<TrainSidecar, 'losses_f64'> {
  readonly losses_f64: readonly number[];
}

it.skipIf(why !== '')(`the U-Net takes five steps as the reference${why}`, async () => {
  const golden = await loadGolden<UNetSidecar>('train/unet_sgd');
  const { gain, losses_f64: losses } = golden.json;
  const net = new UNet();
  using parameters = new ParameterStore(context, net);
  const listed = net.parameters().filter(({ unused }) => !unused);
  const keys = new Set(listed.map(({ name }) => name));
  parameters.load(
    new Map(
      listed.map(({ name, shape }) => {
        const data = param(name, shape, roleOf(name, shape, keys) as NonNullable<ReturnType<typeof roleOf>>, gain);
        return [name, { shape, data }];
      }),
    ),
  );
  using optimizer = new SGD(parameters, { momentum: 0.7 });
  using step = await trainingStep(context, {
    net,
    optimizer,
    inputs: { x: golden.shape('x'), y: golden.shape('y') },
    keepGradients: true,
    loss: ({ x, y }) => {
      const prob = sigmoid(net.call(x));
      return { loss: bce(prob, y), outputs: { prob } };
    },
  });
  const batch = { x: golden.f32('x'), y: golden.f32('y') };
  const run = (read: readonly string[] = []) => step.run(batch, { learningRate: 1e-2, read });

  const first = await run(['prob', ...step.gradientOutputs]);
  expectClose([first.loss], losses.slice(0, 1), { relL2: 1e-5 }, 'loss of step 1');
  expectClose(first.outputs['prob'] as Float32Array, golden.f32('step1_ref64/prob'), { relL2: 2e-5 }, 'step 1');
  // Biases before a batch norm: their gradients are zero but for rounding.
  const entries = Object.entries(golden.json.parameters);
  const zero = entries.filter(([, { grad }]) => grad?.true_zero === true).map(([name]) => name);
  expect(zero).toHaveLength(18);
  const json = { ...golden.json, losses_f64: [], true_zero_gradient_parameters: zero } as unknown as TrainSidecar;
  const gradients = step.gradientsOf(first.outputs);
  expectErrors(
    compareParameters(json, gradients, ({ grad }) => grad),
    'norm',
    { all: 5e-3 },
  );
  for (const name of zero) {
    expectClose(
      gradients.get(name) as Float32Array,
      new Float32Array(gradients.get(name)?.length ?? 0),
      { maxAbs: 1e-6 },
      name,
    );
  }
  for (const [i, expected] of losses.slice(1).entries()) {
    expectClose([(await run()).loss], [expected], { relL2: 1e-4 }, `loss of step ${i + 2}`);
  }
  const values = await valuesOf(parameters);
  const all = { ...json, true_zero_gradient_parameters: [] };
  const last = ({ pN }: RecordedParameter) => pN;
  for (const key of ['norm', 'proj'] as const) {
    expectErrors(compareParameters(all, values, last), key, { all: 2e-4 });
    // 36 running statistics.
    const statistics = [...compareBuffers(json, values, (entry) => entry.after_last)];
    expect(statistics).toHaveLength(36);
    for (const [name, errors] of statistics) expect(errors[key], name).toBeLessThan(2e-4);
  }
});
