/** What precision `half` costs in the backbone alone, beside `exact`, which the goldens hold to 2e-5 of float64. */
import { open, ParameterStore, preparePlan, type Tensor, trace } from '@infnet/core';
import { difference, image, param, roleOf } from '@infnet/testing';
import { expect, it } from 'vitest';
import { res2net50 } from '../src/index.js';

/** Relative L2 of the four maps, as measured; docs/performance.md states them. */
const STATED = [3.4e-4, 4.5e-4, 4.4e-4, 4.3e-4] as const;

it('half in Res2Net-50 is off by what is stated', async ({ skip, annotate }) => {
  using context = await open({ onMessage: () => {} });
  skip(!context.profile.hasF16, 'this device has no shader-f16');
  const net = res2net50();
  using parameters = new ParameterStore(context, net);
  // As in the recorded nets, where the backbone's keys begin with `resnet.`.
  const used = net.parameters().filter(({ unused }) => !unused);
  const keys = new Set(used.map(({ name }) => name));
  parameters.load(
    new Map(
      used.map(({ name, shape }) => {
        const role = roleOf(name, shape, keys);
        if (role === undefined) throw new Error(`the recipe has no value for ${name}`);
        return [name, { shape, data: param(`resnet.${name}`, shape, role, 0.72) }];
      }),
    ),
  );
  const shape = [1, 3, 96, 96] as const;
  const graph = trace(({ x }: { readonly x: Tensor }) => ({ ...net.call(x) }), { x: shape });
  const x = image('input', shape);
  using exact = await preparePlan(context, graph, { parameters, precision: 'exact' });
  using half = await preparePlan(context, graph, { parameters, precision: 'half' });
  expect(half.precision).toBe('half');
  const [expected, actual] = [await exact.run({ x }), await half.run({ x })];
  const errors = Object.entries(expected).map(([name, map]) => difference(actual[name] ?? [], map).relL2);
  await annotate(errors.map((error) => error.toExponential(1)).join(', '));
  expect(errors).toHaveLength(STATED.length);
  for (const [i, error] of errors.entries()) {
    expect(error).toBeLessThan(1.25 * (STATED[i] as number));
    expect(error).toBeGreaterThan((STATED[i] as number) / 1.25);
  }
});
