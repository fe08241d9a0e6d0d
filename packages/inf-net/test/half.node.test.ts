/**
 * What precision `half` costs in a whole net: the relative L2 of every output from the reference's float64 run.
 *
 * `half` is: weights of convolutions rounded to float16 (but for those by Winograd), all else in float32. Rounding them
 * before they are loaded gives the same on any device, so that the stated figures are held everywhere; where there is
 * `shader-f16` the plan itself is compared too. In Node only: it takes seconds, and nets.test.ts shows that a browser
 * gives the same bits.
 */
import { type Context, open, type Schedule, type StateDict, type Tensor } from '@infnet/core';
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
/**
 * Nothing random is in it: what differs between devices is float32's rounding, and Winograd's, whose weights stay
 * float32.
 */
const WITHIN = 1.25;

type Change = (state: StateDict) => StateDict;
const makeNet = (path: string, change?: Change): GoldenNet =>
  path.includes('unet')
    ? new GoldenNet(() => new UNet(), { logits: 'output' }, change)
    : new GoldenNet(() => new InfNet(), OUTPUTS, change);

const rounding =
  (which: (name: string, shape: readonly number[]) => boolean): Change =>
  (state) =>
    new Map(
      [...state].map(([name, { shape, data }]) => [
        name,
        { shape, data: which(name, shape) ? roundToHalf(data) : data },
      ]),
    );

/** Names of the parameters that a plan stores as float16, as they are or after they were placed in another order. */
function storedAsHalf({ graph, nodes }: Schedule): Set<string> {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const parameters = new Map([...graph.parameters].map(([parameter, tensor]) => [tensor, parameter.name] as const));
  const sources = (tensor: Tensor): string[] => {
    const name = parameters.get(tensor);
    return name === undefined ? (producers.get(tensor)?.inputs ?? []).flatMap(sources) : [name];
  };
  const conversions = nodes.filter(({ operator }) => operator.name === 'halfWeight');
  return new Set(conversions.flatMap(({ inputs }) => inputs.flatMap(sources)));
}

const LOOSE = { relL2: 5e-3 };
const errorsOf = ({ differences }: GoldenRun): number[] => Object.values(differences).map(({ relL2 }) => relL2);

describe('half in a whole net is off by what is stated', () => {
  const [smallest] = STATED as readonly [(typeof STATED)[number]];
  it.skipIf(!hasGolden(smallest[0]))(
    `with weights that were rounded before: ${smallest[0]}${goldenNote(smallest[0])}`,
    async () => {
      const [path, stated] = smallest;
      // Weights of convolutions: all parameters of four dimensions.
      using net = makeNet(
        path,
        rounding((_, shape) => shape.length === 4),
      );
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

        const stored = storedAsHalf(half.plan.schedule);
        expect(stored.size).toBeGreaterThan(0);
        using before = makeNet(
          path,
          rounding((name) => stored.has(name)),
        );
        const fast = await before.run(context, golden, { precision: 'fast' }, LOOSE);
        for (const [name, values] of Object.entries(half.outputs)) {
          expect(difference(values, fast.outputs[name] ?? []).relL2).toBeLessThan(2e-5);
        }
        // The float16 copies take half of the originals, up to a multiple of 4 bytes each; the originals stay.
        const bytes = net.bytesOf(({ name }) => stored.has(name)) / 2;
        const more = half.plan.memory.constants - fast.plan.memory.constants;
        expect(more).toBeGreaterThanOrEqual(bytes);
        expect(more).toBeLessThanOrEqual(bytes + 2 * stored.size);
        expect(half.plan.memory.parameters).toBe(fast.plan.memory.parameters);
      },
      600_000,
    );
  }
});
