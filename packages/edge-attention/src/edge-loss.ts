/** The second face: edges of masks, and the loss of an edge map, with its gradient. */
import {
  applyOne,
  type Dispatch,
  formatShape,
  type ImageShape,
  InfnetError,
  type Operator,
  sameShape,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import { refuseTargetGradient } from '@infnet/nn';
import { edgeLossCalls, edgeLossGradientCall, maskEdgeCall } from './edge-calls.js';

const shapeOf = (view: View): ImageShape => view.type.shape as unknown as ImageShape;

function checkMap(type: TensorType | undefined, what: string, where: string): TensorType {
  if (type?.dtype === 'f32' && type.shape.length === 4) return type;
  throw new InfnetError({
    code: type === undefined || type.dtype === 'f32' ? 'SHAPE_RANK' : 'SHAPE_DTYPE',
    message: `${what} is ${type?.dtype} ${formatShape(type?.shape ?? [])}; f32 [batch, channels, height, width] is needed`,
    where,
  });
}

function checkPair(logits: TensorType | undefined, mask: TensorType | undefined, where: string): TensorType {
  const map = checkMap(logits, 'the logits', where);
  if (sameShape(map.shape, checkMap(mask, 'the mask', where).shape)) return map;
  throw new InfnetError({
    code: 'SHAPE_MISMATCH',
    message: `the logits have the shape ${formatShape(map.shape)}, the mask ${formatShape(mask?.shape ?? [])}`,
    where,
    fix: 'Resize the logits to the size of the mask (interpolate), not the mask: its edge is defined at its own size.',
  });
}

export const maskEdgeOperator: Operator = {
  name: 'maskEdge',
  arity: 1,
  infer: ([mask], _attributes, where) => [checkMap(mask, 'the mask', where)],
  lower({ inputs, outputs }) {
    const [mask, y] = [inputs[0] as View, outputs[0] as View];
    return [{ ...maskEdgeCall({ shape: shapeOf(mask), ranges: { mask, y } }), operands: { mask, y } }];
  },
  // A step function of the mask: no gradient flows through it.
  gradient: () => [undefined],
};

export const edgeLossOperator: Operator = {
  name: 'edgeLoss',
  arity: 2,
  infer([logits, mask], _attributes, where) {
    checkPair(logits, mask, where);
    return [{ shape: [], dtype: 'f32' }];
  },
  lower({ inputs, outputs, scratch }) {
    const [logits, mask] = inputs as readonly [View, View];
    const y = outputs[0] as View;
    const calls = edgeLossCalls({ shape: shapeOf(logits), ranges: { logits, mask }, yOffset: y.offset });
    const partial = scratch(calls.partialCount, 'partial sums');
    const first: Dispatch = { ...calls.partial, operands: { logits, mask, partial } };
    const second: Dispatch = { ...calls.total, operands: { partial, y } };
    return [first, second];
  },
  gradient({ inputs: [logits, mask], outputGradients: [g], needed }) {
    if (needed[1]) refuseTargetGradient('edgeLoss', 'the mask');
    if (g === undefined || !needed[0]) return [];
    return [applyOne(edgeLossGradientOperator, [g, logits as Tensor, mask as Tensor], {})];
  },
};

/** Inputs: g (one element), logits, mask. Output: the gradient of the logits. */
export const edgeLossGradientOperator: Operator = {
  name: 'edgeLossGradient',
  arity: 3,
  infer([g, logits, mask], _attributes, where) {
    if (g?.dtype !== 'f32' || g.shape.some((size) => size !== 1)) {
      throw new InfnetError({
        code: 'SHAPE_MISMATCH',
        message: `the gradient of the loss is ${g?.dtype} ${formatShape(g?.shape ?? [])}; one f32 number is needed`,
        where,
      });
    }
    return [checkPair(logits, mask, where)];
  },
  lower({ inputs, outputs }) {
    const [g, logits, mask] = inputs as readonly [View, View, View];
    const d = outputs[0] as View;
    const call = edgeLossGradientCall({ shape: shapeOf(logits), ranges: { logits, mask, d }, gOffset: g.offset });
    return [{ ...call, operands: { g, logits, mask, d } }];
  },
};

/**
 * The inner edge of a binary mask: 1 where the mask is on and one of its 4 neighbours inside the image is off, else 0.
 * A value over 0.5 is on. No gradient flows back.
 *
 * @param mask [N, C, H, W]
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, with the module's path.
 */
export function maskEdge(mask: TensorLike): Tensor {
  return applyOne(maskEdgeOperator, [mask], {});
}

/**
 * The mean binary cross entropy of logits with the edge of a mask: `bceWithLogits(logits, maskEdge(mask))` without the
 * edge map in between (paper section III-C; golden quirk 11: the plain mean). A scalar; the gradient flows to the
 * logits. A mask that is computed from what is trained is refused (`GRADIENT_TARGET`) unless detached: its edge has no
 * gradient.
 *
 * @param logits [N, C, H, W]
 * @param mask [N, C, H, W], on where over 0.5
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, with the module's path.
 */
export function edgeLoss(logits: TensorLike, mask: TensorLike): Tensor {
  return applyOne(edgeLossOperator, [logits, mask], {});
}
