/**
 * What precision `half` costs in a whole net: the relative L2 of every output from the reference's float64 run.
 *
 * `half` is: convolution weights rounded to float16, all else in float32. Rounding them before they are loaded gives the same
 * on any device, so that the stated figures are held everywhere; where there is `shader-f16` the plan itself is compared too.
 */
import { type Context, open, type StateDict } from '@infnet/core';
import { difference, goldenNote, hasGolden, loadGolden, roundToHalf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InfNet, UNet } from '../src/index.js';
import { GoldenNet, type GoldenRun } from './run-golden.js';
import { type NetSidecar, OUTPUTS } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** Relative L2 of the outputs, in the order of `OUTPUTS`, as measured; docs/performance.md states them. */
const STATED: readonly (readonly [path: string, errors: readonly number[]])[] = [
  ['nets/inf_net_res2net_1x3x64x64', [9.2e-4, 1.2e-3, 1.4e-3, 1.7e-3, 3.6e-4]],
  ['nets/inf_net_res2net_2x3x96x96', [6.7e-4, 6.5e-4, 7.5e-4, 8.9e-4, 5.7e-4]],
  ['nets/inf_net_res2net_1x3x352x352', [9.9e-4, 1.0e-3, 1.1e-3, 1.2e-3, 7.1e-4]],
  ['nets/inf_net_unet_1x6x96x96', [6.8e-4]],
];
/** Nothing random is in it: what differs between devices is float32's rounding, and Winograd's, whose weights stay float32. */
const WITHIN = 1.25;

const makeNet = (path: string, change?: (state: StateDict) => StateDict): GoldenNet =>
  path.includes('unet')
    ? new GoldenNet(() => new UNet(), { logits: 'output' }, change)
    : new GoldenNet(() => new InfNet(), OUTPUTS, change);

/** Weights of convolutions: all parameters of four dimensions. */
const rounded = (state: StateDict): StateDict =>
  new Map(
    [...state].map(([name, { shape, data }]) => [name, { shape, data: shape.length === 4 ? roundToHalf(data) : data }]),
  );

const LOOSE = { relL2: 5e-3 };
const errorsOf = ({ differences }: GoldenRun): number[] => Object.values(differences).map(({ relL2 }) => relL2);

describe('half in a whole net is off by what is stated', () => {
  const [smallest] = STATED as readonly [(typeof STATED)[number]];
  it.skipIf(!hasGolden(smallest[0]))(
    `with weights that were rounded before: ${smallest[0]}${goldenNote(smallest[0])}`,
    async () => {
      const [path, stated] = smallest;
      using net = makeNet(path, rounded);
      const errors = errorsOf(
        await net.run(context, await loadGolden<NetSidecar>(path), { precision: 'exact' }, LOOSE),
      );
      for (const [i, error] of errors.entries()) {
        expect(error).toBeLessThan(WITHIN * (stated[i] as number));
        expect(error).toBeGreaterThan((stated[i] as number) / WITHIN);
      }
    },
  );

  for (const [path, stated] of STATED) {
    it.skipIf(!hasGolden(path))(
      `as a plan: ${path}${goldenNote(path)}`,
      async ({ skip, annotate }) => {
        skip(!context.profile.hasF16, 'this device has no shader-f16');
        const golden = await loadGolden<NetSidecar>(path);
        using net = makeNet(path);
        const half = await net.run(context, golden, { precision: 'half' }, LOOSE);
        expect(half.plan.precision).toBe('half');
        const names = Object.keys(half.differences);
        const errors = errorsOf(half);
        await annotate(errors.map((error, i) => `${names[i]} ${error.toExponential(1)}`).join(', '));
        for (const [i, error] of errors.entries()) expect(error).toBeLessThan(WITHIN * (stated[i] as number));

        using before = makeNet(path, rounded);
        const fast = await before.run(context, golden, { precision: 'fast' }, LOOSE);
        for (const [name, values] of Object.entries(half.outputs)) {
          expect(difference(values, fast.outputs[name] ?? []).relL2).toBeLessThan(2e-5);
        }
        // The float16 copies are half of the convolutions' weights, and the originals stay.
        const weights = net.bytesOf((shape) => shape.length === 4);
        const [more, filling] = [
          half.plan.memory.constants - fast.plan.memory.constants,
          2 * half.plan.schedule.nodes.length,
        ];
        expect(Math.abs(more - weights / 2)).toBeLessThanOrEqual(filling);
        expect(half.plan.memory.parameters).toBe(fast.plan.memory.parameters);
      },
      600_000,
    );
  }
});
