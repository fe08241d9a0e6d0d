/**
 * Ten steps of Inf-Net against the reference's (goldens of train/, tolerances of their README section 4).
 *
 * Batch norm over 18 values makes plain training chaotic, so that only frozen and damped batch norm can be followed
 * closely; see section 3 there. A step takes 1.5 s on llvmpipe and 12 s on SwiftShader, where only the first is tested.
 */
import { type Context, open } from '@infnet/core';
import { expectClose, hasFixture, hasGolden, isLong, loadGolden, longNote, readFixtureJson } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compareBuffers,
  compareParameters,
  expectErrors,
  type FirstStep,
  lossError,
  MAPS,
  type TrainRun,
  type TrainSidecar,
  trainRun,
  valuesOf,
} from './support/train-golden.js';

const THEIRS = ['lateral_map_5', 'lateral_map_4', 'lateral_map_3', 'lateral_map_2', 'lateral_edge'] as const;

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

/** A test of one golden; it says in its name why it does not run. */
function itTrains(name: string, golden: string, always: boolean, body: (json: TrainSidecar) => Promise<void>): void {
  const path = `golden/train/${golden}.json`;
  const why = hasFixture(path) ? (always ? '' : longNote) : ` (skipped: ../shared/${path} is not here)`;
  it.skipIf(why !== '')(name + why, async () => body(await readFixtureJson<TrainSidecar>(path)));
}

/** The maps of the first step; recorded in files that are not shipped everywhere. */
async function expectMaps(golden: string, { report }: FirstStep, relL2: number): Promise<void> {
  if (!hasGolden(`train/${golden}`)) return;
  const recorded = await loadGolden(`train/${golden}`);
  for (const [i, name] of THEIRS.entries()) {
    const data = report.outputs[MAPS[i] as string] as Float32Array;
    expectClose(data, recorded.f32(`step1_ref64/${name}`), { relL2 }, `step 1 ${name}`);
  }
}

/** Steps from the second on. Returns the relative error of the losses of each. */
async function laterSteps(run: TrainRun, { losses_f64: recorded }: TrainSidecar): Promise<number[]> {
  const errors: number[] = [];
  for (const row of recorded.slice(1)) errors.push(lossError(await run.step(), row));
  return errors;
}

describe('Inf-Net with frozen batch norm', () => {
  const golden = 'inf_net_frozen_bn_10steps';

  itTrains('takes the first step of the reference', golden, !isLong, async (json) => {
    using run = await trainRun(context, json, { frozenBatchNorm: true });
    await firstStep(json, run);
  });

  itTrains('takes ten steps as the reference', golden, false, async (json) => {
    using run = await trainRun(context, json, { frozenBatchNorm: true });
    await firstStep(json, run);
    for (const error of await laterSteps(run, json)) expect(error).toBeLessThan(5e-3);
    const errors = compareParameters(json, await valuesOf(run.parameters), ({ pN }) => pN);
    for (const key of ['norm', 'proj'] as const) expectErrors(errors, key, { all: 1e-2 });
  });

  async function firstStep(json: TrainSidecar, run: TrainRun): Promise<void> {
    expect(Math.abs(context.memory.bytes / run.predicted - 1), 'memory').toBeLessThan(0.1);
    const before = await valuesOf(run.parameters);
    const first = await run.first();
    expect(lossError(first.report, json.losses_f64[0] as number[])).toBeLessThan(1e-5);
    await expectMaps(golden, first, 2e-5);
    const gradients = compareParameters(json, first.gradients, ({ grad }) => grad);
    expect(gradients.size).toBe(473);
    expectErrors(gradients, 'norm', { all: 5e-5 });
    expectErrors(gradients, 'proj', { all: 1.5e-4 });
    expectErrors(gradients, 'first8', { all: 5e-4 });
    const after = await valuesOf(run.parameters);
    const moved = compareParameters(json, after, ({ p1 }) => p1);
    for (const key of ['norm', 'proj', 'first8'] as const) expectErrors(moved, key, { all: 1e-4 });
    // Running statistics stay, bit by bit.
    const statistics = [...before].filter(([name]) => name.includes('.running_'));
    expect(statistics.length).toBeGreaterThan(300);
    for (const [name, data] of statistics) expect(after.get(name), name).toEqual(data);
  }
});

describe('Inf-Net with damped residual blocks', () => {
  const golden = 'inf_net_damped_10steps';

  itTrains('takes ten steps as the reference, running statistics included', golden, false, async (json) => {
    using run = await trainRun(context, json, { damped: true });
    const first = await run.first();
    expect(lossError(first.report, json.losses_f64[0] as number[])).toBeLessThan(1e-5);
    await expectMaps(golden, first, 1e-4);
    const gradients = compareParameters(json, first.gradients, ({ grad }) => grad);
    expectErrors(gradients, 'norm', { all: 3e-2, most: 1e-3 });
    expectErrors(gradients, 'proj', { all: 3e-2 });
    const statistics = compareBuffers(json, await valuesOf(run.parameters), ({ after1 }) => after1);
    expectErrors(statistics, 'norm', { all: 2e-2 });
    for (const error of await laterSteps(run, json)) expect(error).toBeLessThan(3e-3);
    const values = await valuesOf(run.parameters);
    for (const key of ['norm', 'proj'] as const) {
      expectErrors(
        compareParameters(json, values, ({ pN }) => pN),
        key,
        { all: 1e-2 },
      );
      expectErrors(
        compareBuffers(json, values, (entry) => entry.after_last),
        key,
        { all: 2e-2 },
      );
    }
    if (!hasGolden(`train/${golden}`)) return;
    const recorded = await loadGolden(`train/${golden}`);
    for (const [i, data] of (await run.inference()).entries()) {
      expectClose(data, recorded.f32(`eval_after_ref64/${THEIRS[i]}`), { relL2: 2e-2 }, `afterwards ${THEIRS[i]}`);
    }
  });

  itTrains(
    'takes six steps at three scales as the reference',
    'inf_net_damped_multiscale_6steps',
    false,
    async (json) => {
      using run = await trainRun(context, json, { damped: true, sizes: [64, 96, 128] });
      for (const [i, row] of json.losses_f64.entries()) {
        const error = lossError(await run.step(i % 3), row);
        expect(error, `step ${i + 1}`).toBeLessThan(i === 0 ? 1e-5 : 2e-2);
      }
      const errors = compareParameters(json, await valuesOf(run.parameters), ({ pN }) => pN);
      for (const key of ['norm', 'proj'] as const) expectErrors(errors, key, { all: 2e-2 });
    },
  );
});

describe('Inf-Net as it is', () => {
  itTrains(
    'takes the first of ten chaotic steps as the reference, and falls as far',
    'inf_net_10steps',
    false,
    async (json) => {
      using run = await trainRun(context, json);
      const first = await run.first();
      expect(lossError(first.report, json.losses_f64[0] as number[])).toBeLessThan(1e-4);
      expectErrors(
        compareParameters(json, first.gradients, ({ grad }) => grad),
        'norm',
        { all: 0.1 },
      );
      const statistics = compareBuffers(json, await valuesOf(run.parameters), ({ after1 }) => after1);
      expectErrors(statistics, 'norm', { all: 2e-2 });
      const errors = await laterSteps(run, json);
      for (const error of errors) expect(error).toBeLessThan(0.2);
    },
  );
});
