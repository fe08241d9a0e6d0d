/** Runs a net of the goldens, with the recipe's parameters, and compares every output with the float32 and float64 runs. */
import { type Context, type Module, ParameterStore, type PlanOptions, preparePlan, type Tensor, trace, type TraceResult } from '@infnet/core';
import { type Difference, expectClose, type Golden, image } from '@infnet/testing';
import { type NetSidecar, recipeState } from './support.js';

/** Tolerances of the goldens' README, section 4. */
const TOLERANCE = { relL2: 2e-5, maxAbsOfMax: 1e-4 } as const;

export interface GoldenRun {
  /** Distance of every output from the reference's float64 run, by the reference's name. */
  readonly differences: Readonly<Record<string, Difference>>;
  readonly outputs: Readonly<Record<string, ArrayLike<number>>>;
}

/**
 * @param outputs the reference's name of every output, with ours.
 * @param forward what is traced; default the net's own call, its outputs by name.
 */
export async function runGolden(
  context: Context,
  net: Module<readonly [Tensor], TraceResult>,
  golden: Golden<NetSidecar>,
  outputs: Readonly<Record<string, string>>,
  options: PlanOptions = {},
): Promise<GoldenRun> {
  const { input, gain } = golden.json;
  const graph = trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: input.shape });
  using parameters = new ParameterStore(context, net);
  parameters.load(recipeState(net, '', gain));
  using plan = await preparePlan(context, graph, { ...options, parameters });
  const results = await plan.run({ x: image(input.name, input.shape) });
  const differences: Record<string, Difference> = {};
  for (const [theirs, ours] of Object.entries(outputs)) {
    const actual = results[ours] ?? [];
    expectClose(actual, golden.f32(theirs), TOLERANCE, theirs);
    differences[theirs] = expectClose(actual, golden.f32(`ref64/${theirs}`), TOLERANCE, `${theirs} in float64`);
  }
  return { differences, outputs: results };
}
