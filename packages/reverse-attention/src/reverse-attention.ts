/** The second face: reverse attention on tensors, with its gradient. */
import {
  type Attributes,
  apply,
  applyOne,
  type ImageShape,
  type Operator,
  sharesWorkgroupMemory,
  standardName,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import { resizeBack } from './resize-back.js';
import { reverseAttentionCall, reverseAttentionGradientCall } from './reverse-attention-call.js';
import { checkShapes, mapShape, requireSame } from './shapes.js';

const shapeOf = (view: View): ImageShape => view.type.shape as unknown as ImageShape;

/**
 * `eps` is there when the operator also does the batch norm behind it; its inputs 2 to 5 are then weight, bias, mean,
 * variance.
 */
export interface ReverseAttentionAttributes extends Attributes {
  readonly eps?: number;
}

export const reverseAttentionOperator: Operator<ReverseAttentionAttributes> = standardOperator({
  name: 'reverseAttention',
  arity: 2,
  infer([x, logits], _attributes, where) {
    checkShapes(
      mapShape(x as TensorType, 'the feature map', where),
      mapShape(logits as TensorType, 'the logits', where),
      where,
    );
    return [x as TensorType];
  },
  lower({ inputs, outputs, attributes: { eps } }) {
    const [x, logits, weight, bias, mean, variance] = inputs as readonly View[];
    const y = outputs[0] as View;
    const operands = { x, logits, y, ...(eps === undefined ? {} : { weight, bias, mean, variance }) };
    const call = reverseAttentionCall({
      features: shapeOf(x as View),
      logits: shapeOf(logits as View),
      ranges: { x: x as View, logits: logits as View, y },
      ...(eps === undefined
        ? {}
        : {
            normalize: {
              eps,
              weight: weight?.offset,
              bias: bias?.offset,
              mean: mean?.offset,
              variance: variance?.offset,
            },
          }),
    });
    return [{ ...call, operands: operands as Record<string, View> }];
  },
  gradient({ inputs, outputGradients: [g], needed }) {
    const [x, logits] = inputs as readonly [Tensor, Tensor];
    if (g === undefined) return [];
    // With respect to x the operator is its own gradient: a weight per pixel.
    if (!needed[1]) return [reverseAttention(g, logits)];
    const found = apply(reverseAttentionGradientOperator, [g, x, logits], { input: needed[0] === true });
    return [found[1], resizeBack(found[0] as Tensor, logits)];
  },
  absorbConsumer(node, consumer) {
    const { eps, training } = consumer.attributes as { readonly eps?: number; readonly training?: boolean };
    if (standardName(consumer.operator) !== 'batchNorm2d' || training || eps === undefined) return undefined;
    if (node.attributes.eps !== undefined || consumer.inputs[0] !== node.outputs[0]) return undefined;
    const inputs = [...node.inputs, ...consumer.inputs.slice(1)];
    return { operator: reverseAttentionOperator as unknown as Operator, inputs, attributes: { eps } };
  },
});

interface GradientAttributes extends Attributes {
  readonly input: boolean;
}

/**
 * Inputs g, x, logits. Outputs: the gradient of the resized logits [N, 1, H, W], and that of x where `input` is true.
 */
export const reverseAttentionGradientOperator: Operator<GradientAttributes> = {
  name: 'reverseAttentionGradient',
  arity: 3,
  infer([g, x, logits], { input }, where) {
    const shape = mapShape(g as TensorType, 'the gradient', where);
    requireSame(shape, mapShape(x as TensorType, 'the feature map', where), where);
    checkShapes(shape, mapShape(logits as TensorType, 'the logits', where), where);
    const [batch, , height, width] = shape;
    return [{ shape: [batch, 1, height, width], dtype: 'f32' }, ...(input ? [g as TensorType] : [])];
  },
  lower({ inputs, outputs, attributes: { input }, device }) {
    const [g, x, logits] = inputs as readonly [View, View, View];
    const [dResized, dx] = outputs as readonly [View, View | undefined];
    const operands = { g, x, logits, dResized, ...(dx === undefined ? {} : { dx }) };
    const call = reverseAttentionGradientCall({
      features: shapeOf(x),
      logits: shapeOf(logits),
      input,
      split: sharesWorkgroupMemory(device.traits) ? 8 : 1,
      ranges: operands,
    });
    return [{ ...call, operands }];
  },
};

/**
 * Features weighted by what a coarser prediction did not find: `features * (1 - sigmoid(resize(logits)))`, in one pass
 * (paper section III-D; golden quirk 4). The logits are resized to the size of the features, bilinearly with
 * align_corners = false, where they have another size. Gradients flow to both.
 *
 * @param features [N, C, H, W]
 * @param logits [N, 1, h, w]
 * @returns [N, C, H, W]
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_CHANNELS`, `SHAPE_MISMATCH`, with the module's path.
 */
export function reverseAttention(features: TensorLike, logits: TensorLike): Tensor {
  return applyOne(reverseAttentionOperator, [features, logits], {});
}
