/** Weights as float16, as an operator so that constant weights are converted once. */
import {
  type Dispatch,
  dispatchLine,
  elementCount,
  type Kernel,
  type Operator,
  type TensorType,
  type View,
} from '@infnet/core';
import { requireType } from '../geometry.js';
import source from '../kernels/half-weight.wgsl';

export const halfWeightKernel: Kernel = { name: 'conv/half-weight', source };

/**
 * Input: float32 of any shape. Output: the same as float16; the device needs `shader-f16`. Made by the planner only.
 */
export const halfWeightOperator: Operator = {
  name: 'halfWeight',
  arity: 1,
  infer: ([weight], _attributes, where) => {
    requireType(weight as TensorType, 'f32', 'the weight', where);
    return [{ shape: (weight as TensorType).shape, dtype: 'f16' }];
  },
  takesViews: false,
  lower: ({ inputs, outputs }): Dispatch[] => {
    const [x, y] = [inputs[0] as View, outputs[0] as View];
    const count = elementCount(x.type.shape);
    return [
      {
        kernel: halfWeightKernel,
        constants: {},
        params: { count },
        workgroups: dispatchLine(Math.ceil(count / 64)),
        flops: 0,
        bytes: 6 * count,
        operands: { x, y },
      },
    ];
  },
};
