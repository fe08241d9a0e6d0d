/** Weights transformed for Winograd's convolution, as an operator so that constant weights are transformed once. */
import { defineOperator, InfnetError, type Operator, requireShape, requireType } from '@infnet/core';
import { forwardGather } from '../forward/gather.js';
import { type WinogradTile, winogradWeightCall } from '../forward/winograd-calls.js';
import { type Conv2dSettings, conv2dGeometry } from '../geometry.js';

/** Settings that do not matter to a weight's layout. */
const PLAIN: Conv2dSettings = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };

/** Input: weight [oc, ic, 3, 3]. Output: [(tile + 2)^2, oc, ic]. */
export const winogradWeightOperator: Operator<{ readonly tile: WinogradTile }> = defineOperator({
  name: 'winogradWeight',
  inputs: ['weight'],
  outputs: ['u'],
  infer({ weight }, { tile }, where) {
    const [outChannels = 1, inChannels = 1] = weight.shape;
    requireType(weight, 'f32', 'the weight', where);
    requireShape(weight.shape, [outChannels, inChannels, 3, 3], 'the weight', where);
    if (tile !== 2 && tile !== 4) {
      throw new InfnetError({ code: 'SHAPE_ATTRIBUTE', message: `the tile is ${tile}; 2 and 4 are there`, where });
    }
    return { u: { shape: [(tile + 2) ** 2, outChannels, inChannels], dtype: 'f32' } };
  },
  takesViews: false,
  lower({ attributes, inputs: { weight }, outputs: { u } }) {
    const { shape } = weight.type;
    const gather = forwardGather(conv2dGeometry([1, shape[1] as number, 3, 3], shape, PLAIN, 'winogradWeight'));
    return [{ ...winogradWeightCall(gather, attributes.tile), operands: { weight, u } }];
  },
});
