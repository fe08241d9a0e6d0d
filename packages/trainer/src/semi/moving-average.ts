/**
 * Exponential moving averages of all parameters and running statistics, on the device: two stores of the same net have
 * the same slabs, so one dispatch per slab does it, and nothing is read back.
 */
import {
  applyOne,
  type Context,
  defineOperator,
  dispatch,
  elementCount,
  type Operator,
  operandAt,
  type ParameterStore,
  type Plan,
  preparePlan,
  trace,
} from '@infnet/core';
import { type Kernel, lineCall } from '@infnet/core/kernels';
import source from './moving-average.wgsl';

export const movingAverageKernel: Kernel = { name: 'trainer/moving-average', source };

/** Inputs: average (a parameter), value, rate. Output: the new average, in place. */
export const movingAverageOperator: Operator<Record<string, never>> = defineOperator({
  name: 'movingAverage',
  inputs: ['average', 'value', 'rate'],
  outputs: ['average'],
  infer: ({ average }) => ({ average }),
  updatesInPlace: [[0, 0]],
  lower({ inputs: { average, value, rate } }) {
    const count = elementCount(average.type.shape);
    const work = { invocations: count, flops: 3 * count, values: 3 * count };
    const call = lineCall(movingAverageKernel, { params: { rateOffset: rate.offset }, ...work });
    return [dispatch(call, { average, value, rate })];
  },
});

/** A plan with the input `rate` [1] that moves `averages` towards `values`, two stores of one net. */
export function movingAveragePlan(context: Context, averages: ParameterStore, values: ParameterStore): Promise<Plan> {
  const graph = trace(
    ({ rate }) => {
      const { graph } = rate;
      for (const [i, slab] of averages.slabs.entries()) {
        const value = operandAt(values.slabs, i);
        const moved = applyOne(movingAverageOperator, [graph.parameter(slab), graph.parameter(value), rate], {});
        graph.update(slab, moved);
      }
      return {};
    },
    { rate: [1] },
  );
  return preparePlan(context, graph, { parameters: [averages, values] });
}
