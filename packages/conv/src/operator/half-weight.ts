/** Weights as float16, as an operator so that constant weights are converted once. */
import { defineOperator, dispatch, elementCount, type Operator, requireType } from '@infnet/core';
import { type Kernel, lineCall } from '@infnet/core/kernels';
import source from '../kernels/half-weight.wgsl';

export const halfWeightKernel: Kernel = { name: 'conv/half-weight', source };

/**
 * Input: float32 of any shape. Output: the same as float16; the device needs `shader-f16`. Made by the planner only.
 */
export const halfWeightOperator: Operator<Record<string, never>> = defineOperator({
  name: 'halfWeight',
  inputs: ['x'],
  outputs: ['y'],
  infer({ x }, _attributes, where) {
    requireType(x, 'f32', 'the weight', where);
    return { y: { shape: x.shape, dtype: 'f16' } };
  },
  takesViews: false,
  lower({ inputs: { x }, outputs: { y } }) {
    const count = elementCount(x.type.shape);
    // Four bytes are read and two written.
    const call = lineCall(halfWeightKernel, { params: {}, invocations: count, flops: 0, values: 1.5 * count });
    return [dispatch(call, { x, y })];
  },
});
