/** Weights transformed for Winograd's convolution, as an operator so that constant weights are transformed once. */
import { InfnetError, type Operator, type TensorType, type View } from '@infnet/core';
import { forwardGather } from '../forward/gather.js';
import { type WinogradTile, winogradWeightCall } from '../forward/winograd-calls.js';
import { type Conv2dSettings, conv2dGeometry, requireShape, requireType } from '../geometry.js';

/** Settings that do not matter to a weight's layout. */
const PLAIN: Conv2dSettings = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };

/** Input: weight [oc, ic, 3, 3]. Output: [(tile + 2)^2, oc, ic]. */
export const winogradWeightOperator: Operator<{ readonly tile: WinogradTile }> = {
  name: 'winogradWeight',
  arity: 1,
  infer: ([weight], { tile }, where) => {
    const { shape } = weight as TensorType;
    requireType(weight as TensorType, 'f32', 'the weight', where);
    requireShape(shape, [shape[0] ?? 1, shape[1] ?? 1, 3, 3], 'the weight', where);
    if (tile !== 2 && tile !== 4) {
      throw new InfnetError({ code: 'SHAPE_ATTRIBUTE', message: `the tile is ${tile}; 2 and 4 are there`, where });
    }
    return [{ shape: [(tile + 2) ** 2, shape[0] as number, shape[1] as number], dtype: 'f32' }];
  },
  takesViews: false,
  lower: ({ attributes, inputs, outputs }) => {
    const [weight, u] = [inputs[0] as View, outputs[0] as View];
    const { shape } = weight.type;
    const gather = forwardGather(conv2dGeometry([1, shape[1] as number, 3, 3], shape, PLAIN, 'winogradWeight'));
    return [{ ...winogradWeightCall(gather, attributes.tile), operands: { weight, u } }];
  },
};
