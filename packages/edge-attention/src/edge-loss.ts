/** The second face: edges of masks, and the loss of an edge map, with its gradient. */
import {
  applyOne,
  defineOperator,
  dispatch,
  imageShape,
  type Operator,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import { refuseTargetGradient, requireAlike, requireMaps, requireScalar, SCALAR } from '@infnet/nn/kernels';
import { edgeLossCalls, edgeLossGradientCall, maskEdgeCall } from './edge-calls.js';

const FIX =
  'Resize the logits to the size of the mask (interpolate), not the mask: its edge is defined at its own size.';

function checkPair(logits: TensorType, mask: TensorType, where: string): TensorType {
  const operands = [
    ['the logits', logits],
    ['the mask', mask],
  ] as const;
  requireAlike(where, operands, FIX);
  imageShape(logits, 'the logits', where);
  return logits;
}

export const maskEdgeOperator: Operator = defineOperator({
  name: 'maskEdge',
  inputs: ['mask'],
  outputs: ['y'],
  infer({ mask }, _attributes, where) {
    requireMaps(mask, 'the mask', where);
    imageShape(mask, 'the mask', where);
    return { y: mask };
  },
  lower: ({ inputs: { mask }, outputs: { y } }) => {
    const shape = imageShape(mask.type, 'the mask', 'maskEdge');
    return [dispatch(maskEdgeCall({ shape, ranges: { mask, y } }), { mask, y })];
  },
  // A step function of the mask: no gradient flows through it.
  gradient: () => ({}),
});

export const edgeLossOperator: Operator = defineOperator({
  name: 'edgeLoss',
  inputs: ['logits', 'mask'],
  outputs: ['y'],
  infer({ logits, mask }, _attributes, where) {
    checkPair(logits, mask, where);
    return { y: SCALAR };
  },
  lower({ inputs: { logits, mask }, outputs: { y }, scratch }) {
    const shape = imageShape(logits.type, 'the logits', 'edgeLoss');
    const calls = edgeLossCalls({ shape, ranges: { logits, mask }, yOffset: y.offset });
    const partial = scratch(calls.partialCount, 'partial sums');
    return [dispatch(calls.partial, { logits, mask, partial }), dispatch(calls.total, { partial, y })];
  },
  gradient({ inputs: { logits, mask }, outputGradients: { y: g }, needed }) {
    if (needed.mask) refuseTargetGradient('edgeLoss', 'the mask');
    return { logits: needed.logits ? applyOne(edgeLossGradientOperator, [g, logits, mask], {}) : undefined };
  },
});

/** Inputs: g (one element), logits, mask. Output: the gradient of the logits. */
export const edgeLossGradientOperator: Operator = defineOperator({
  name: 'edgeLossGradient',
  inputs: ['g', 'logits', 'mask'],
  outputs: ['d'],
  infer({ g, logits, mask }, _attributes, where) {
    requireScalar(g, where);
    return { d: checkPair(logits, mask, where) };
  },
  lower({ inputs: { g, logits, mask }, outputs: { d } }) {
    const shape = imageShape(logits.type, 'the logits', 'edgeLoss');
    const call = edgeLossGradientCall({ shape, ranges: { logits, mask, d }, gOffset: g.offset });
    return [dispatch(call, { g, logits, mask, d })];
  },
});

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
