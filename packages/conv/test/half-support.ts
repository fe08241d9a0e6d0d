/** What the tests of precision `half` share. */
import { type Context, Module, Parameter, ParameterStore, preparePlan, type Tensor, trace } from '@infnet/core';
import { expect } from 'vitest';

export const NO_F16 = 'this device has no shader-f16';

/** A convolution's parameters with any use of them. */
export class Net extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  constructor(
    shape: readonly number[],
    readonly body: (net: Net, x: Tensor) => Tensor,
    bias = false,
  ) {
    super();
    this.weight = new Parameter(shape);
    this.bias = bias ? new Parameter([shape[0] as number]) : undefined;
  }
  override forward(x: Tensor): Tensor {
    return this.body(this, x);
  }
}

/** Runs `net` on `x` at `half`; the plan must not have fallen back. */
export async function runHalf(
  context: Context,
  net: Module,
  values: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>,
  x: { readonly shape: readonly number[]; readonly data: Float32Array },
): Promise<Float32Array> {
  using parameters = new ParameterStore(context, net);
  parameters.load(new Map(Object.entries(values)));
  const graph = trace(({ x }) => net.call(x), { x: x.shape });
  using plan = await preparePlan(context, graph, { parameters, precision: 'half', maxSubmitSeconds: 5 });
  expect(plan.precision).toBe('half');
  return (await plan.run({ x: x.data }))['output'] as Float32Array;
}
