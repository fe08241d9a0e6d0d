/** Weights with their result channels last, as an operator so that constant weights are transposed once. */
import { defineOperator, dispatch, elementCount, type Operator, type Shape } from '@infnet/core';
import { type Kernel, lineCall } from '@infnet/core/kernels';
import source from '../kernels/transpose-weight.wgsl';

export const transposeWeightKernel: Kernel = { name: 'conv/transpose-weight', source };

/** Input: weight [oc, ic, kh, kw]. Output: the same values as [ic, kh, kw, oc]. Made by the planner only. */
export const transposeWeightOperator: Operator<Record<string, never>> = defineOperator({
  name: 'transposeWeight',
  inputs: ['x'],
  outputs: ['y'],
  infer({ x }) {
    const [outChannels = 0, ...rest] = x.shape;
    return { y: { shape: [...rest, outChannels], dtype: 'f32' } };
  },
  lower({ inputs: { x }, outputs: { y } }) {
    const { shape } = x.type;
    const rows = shape[0] as number;
    const count = elementCount(shape);
    const params = { rows, xOffset: x.offset, xStride: x.batchStride };
    const call = lineCall(transposeWeightKernel, { params, invocations: count, flops: 0, values: 2 * count });
    return [dispatch(call, { x, y })];
  },
});

/** The shape [oc, ic, kh, kw] of weights as they are stored: so, or with the result channels last. */
export function weightShape(stored: Shape, channelsLast: boolean): Shape {
  return channelsLast ? [stored.at(-1) as number, ...stored.slice(0, -1)] : stored;
}
