/** The second face: reverse attention on tensors, with its gradient. */
import {
  type Attributes,
  applyNamed,
  applyOne,
  defineOperator,
  dispatch,
  type ImageShape,
  imageShape,
  type NamedOperator,
  replaceBy,
  requireShape,
  standardName,
  standardOperator,
  type Tensor,
  type TensorLike,
  type View,
} from '@infnet/core';
import { sharesWorkgroupMemory } from '@infnet/core/kernels';
import { resizeBack } from './resize-back.js';
import { reverseAttentionCall, reverseAttentionGradientCall } from './reverse-attention-call.js';
import { checkShapes, mapShape } from './shapes.js';

const shapeOf = (view: View): ImageShape => imageShape(view.type, 'an operand', 'reverseAttention');

/** `eps` is there when the operator also does the batch norm behind it, whose operands are there then. */
export interface ReverseAttentionAttributes extends Attributes {
  readonly eps?: number;
}

const INPUTS = ['x', 'logits', 'weight?', 'bias?', 'mean?', 'variance?'] as const;

export const reverseAttentionOperator: NamedOperator<typeof INPUTS, readonly ['y'], ReverseAttentionAttributes> =
  standardOperator(
    defineOperator({
      name: 'reverseAttention',
      inputs: INPUTS,
      outputs: ['y'],
      arity: 2,
      infer({ x, logits }, _attributes: ReverseAttentionAttributes, where) {
        checkShapes(mapShape(x, 'the feature map', where), mapShape(logits, 'the logits', where), where);
        return { y: x };
      },
      lower({ inputs, outputs: { y }, attributes: { eps } }) {
        const { x, logits, weight, bias, mean, variance } = inputs;
        const offsets = {
          weight: weight?.offset,
          bias: bias?.offset,
          mean: mean?.offset,
          variance: variance?.offset,
        };
        const call = reverseAttentionCall({
          features: shapeOf(x),
          logits: shapeOf(logits),
          ranges: { x, logits, y },
          ...(eps !== undefined && { normalize: { eps, ...offsets } }),
        });
        return [dispatch(call, { ...inputs, y })];
      },
      gradient({ inputs: { x, logits }, outputGradients: { y: g }, needed }) {
        // With respect to x the operator is its own gradient: a weight per pixel.
        if (!needed.logits) return { x: reverseAttention(g, logits) };
        const found = applyNamed(reverseAttentionGradientOperator, { g, x, logits }, { input: needed.x });
        return { x: found.dx, logits: resizeBack(found.dResized, logits) };
      },
      absorbConsumer({ inputs, outputs: { y }, attributes }, consumer) {
        const { eps, training } = consumer.attributes as { readonly eps?: number; readonly training?: boolean };
        if (standardName(consumer.operator) !== 'batchNorm2d' || training || eps === undefined) return undefined;
        if (attributes.eps !== undefined || consumer.inputs[0] !== y) return undefined;
        const [, weight, bias, mean, variance] = consumer.inputs;
        return replaceBy(reverseAttentionOperator, { ...inputs, weight, bias, mean, variance }, { eps });
      },
    }),
  );

interface GradientAttributes extends Attributes {
  readonly input: boolean;
}

const GRADIENT_INPUTS = ['g', 'x', 'logits'] as const;
const GRADIENT_OUTPUTS = ['dResized', 'dx?'] as const;

/**
 * Inputs g, x, logits. Outputs: the gradient of the resized logits [N, 1, H, W], and that of x where `input` is true.
 */
export const reverseAttentionGradientOperator: NamedOperator<
  typeof GRADIENT_INPUTS,
  typeof GRADIENT_OUTPUTS,
  GradientAttributes
> = defineOperator({
  name: 'reverseAttentionGradient',
  inputs: GRADIENT_INPUTS,
  outputs: GRADIENT_OUTPUTS,
  infer({ g, x, logits }, { input }: GradientAttributes, where) {
    const shape = mapShape(g, 'the gradient', where);
    requireShape(shape, mapShape(x, 'the feature map', where), 'the gradient', where);
    checkShapes(shape, mapShape(logits, 'the logits', where), where);
    const [batch, , height, width] = shape;
    return { dResized: { shape: [batch, 1, height, width], dtype: 'f32' }, dx: input ? g : undefined };
  },
  lower({ inputs, outputs, attributes: { input }, device }) {
    const operands = { ...inputs, ...outputs };
    const call = reverseAttentionGradientCall({
      features: shapeOf(inputs.x),
      logits: shapeOf(inputs.logits),
      input,
      split: sharesWorkgroupMemory(device.traits) ? 8 : 1,
      ranges: operands,
    });
    return [dispatch(call, operands)];
  },
});

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
