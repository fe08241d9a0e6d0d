/** Weights transformed for Winograd's convolution, as an operator so that constant weights are transformed once. */
import type { Operator, View } from '@infnet/core';
import { forwardGather } from '../forward/gather.js';
import { type WinogradTile, winogradWeightCall } from '../forward/winograd.js';
import { type Conv2dSettings, conv2dGeometry } from '../geometry.js';

/** Settings that do not matter to a weight's layout. */
const PLAIN: Conv2dSettings = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };

/** Input: weight [oc, ic, 3, 3]. Output: [(tile + 2)^2, oc, ic]. */
export const winogradWeightOperator: Operator<{ readonly tile: WinogradTile }> = {
  name: 'winogradWeight',
  infer: ([weight], { tile }) => [
    { shape: [(tile + 2) ** 2, weight?.shape[0] ?? 0, weight?.shape[1] ?? 0], dtype: 'f32' },
  ],
  takesViews: false,
  lower: ({ attributes, inputs, outputs }) => {
    const [weight, u] = [inputs[0] as View, outputs[0] as View];
    const { shape } = weight.type;
    const gather = forwardGather(conv2dGeometry([1, shape[1] as number, 3, 3], shape, PLAIN, 'winogradWeight'));
    return [{ ...winogradWeightCall(gather, attributes.tile), operands: { weight, u } }];
  },
};
