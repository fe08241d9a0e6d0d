/**
 * Exponential moving averages of all parameters and running statistics, on the device: two stores of the same net have
 * the same slabs, so one dispatch per slab does it, and nothing is read back.
 */
import {
  applyOne,
  type Context,
  elementCount,
  type Operator,
  type ParameterStore,
  type Plan,
  preparePlan,
  trace,
  type View,
} from '@infnet/core';
import { dispatchLine, type Kernel } from '@infnet/core/kernels';
import source from './moving-average.wgsl';

export const movingAverageKernel: Kernel = { name: 'trainer/moving-average', source };

/** Inputs: average (a parameter), value, rate. Output: the new average, in place. */
export const movingAverageOperator: Operator<Record<string, never>> = {
  name: 'movingAverage',
  infer: ([average]) => [average as never],
  updatesInPlace: [[0, 0]],
  lower({ inputs }) {
    const [average, value, rate] = inputs as readonly [View, View, View];
    const count = elementCount(average.type.shape);
    return [
      {
        kernel: movingAverageKernel,
        constants: {},
        params: { count, rateOffset: rate.offset },
        workgroups: dispatchLine(Math.ceil(count / 64)),
        flops: 3 * count,
        bytes: 12 * count,
        operands: { average, value, rate },
      },
    ];
  },
};

/** A plan with the input `rate` [1] that moves `averages` towards `values`, two stores of one net. */
export function movingAveragePlan(context: Context, averages: ParameterStore, values: ParameterStore): Promise<Plan> {
  const graph = trace(
    ({ rate }) => {
      const { graph } = rate;
      for (const [i, slab] of averages.slabs.entries()) {
        const value = values.slabs[i] as (typeof values.slabs)[number];
        const moved = applyOne(movingAverageOperator, [graph.parameter(slab), graph.parameter(value), rate], {});
        graph.update(slab, moved);
      }
      return {};
    },
    { rate: [1] },
  );
  return preparePlan(context, graph, { parameters: [averages, values] });
}
