import type { Context } from '../context/context.js';
import type { Tensor } from '../graph/tensor.js';
import { type TraceResult, trace } from '../graph/trace.js';
import { copyInputs } from '../plan/inputs.js';
import type { PlanOptions } from '../plan/options.js';
import { preparePlan } from '../plan/plan.js';
import { dtypeOf, type TensorData } from '../tensor/host-data.js';
import type { HostDType, Shape } from '../tensor/types.js';

/** A tensor with its data in JavaScript memory. */
export interface HostTensor {
  readonly shape: Shape;
  readonly data: TensorData;
}

/**
 * Traces, plans, runs once and frees everything: for tests, small tools and first steps. Anything that runs twice
 * should keep its plan (`preparePlan`). Inputs are copied before this returns its promise.
 */
export async function evaluate<N extends string>(
  context: Context,
  fn: (inputs: Readonly<Record<N, Tensor>>) => TraceResult,
  inputs: Readonly<Record<N, HostTensor>>,
  options: PlanOptions = {},
): Promise<Record<string, HostTensor>> {
  const names = Object.keys(inputs) as N[];
  const specs = Object.fromEntries(
    names.map((name) => [name, { shape: inputs[name].shape, dtype: dtypeOf(inputs[name].data) }]),
  );
  // Planning takes a while, in which the caller may change the arrays.
  const data = copyInputs(Object.fromEntries(names.map((name) => [name, inputs[name].data])));
  const graph = trace(fn, specs as Record<N, { shape: Shape; dtype: HostDType }>);
  const plan = await preparePlan(context, graph, options);
  try {
    const results = await plan.run(data);
    return Object.fromEntries(
      Object.entries(results).map(([name, data]) => [name, { shape: graph.outputs.get(name)?.shape ?? [], data }]),
    );
  } finally {
    plan.dispose();
  }
}
