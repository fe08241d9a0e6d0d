/**
 * The joint loss of lesion maps (paper section III-D): binary cross entropy plus weighted IoU.
 *
 * The weights 1 + 5 |mean of the mask over 31 x 31 - mask| are large at lesion borders. They depend on the mask only,
 * so the four supervised maps of a net share one pooled mask. What the paper and the released code disagree about
 * (quirk 10) is the cross entropy: the paper weights it, the released code takes the plain mean, because its
 * `reduce='none'` is a true value of a legacy argument.
 */
import {
  applyOne,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  graphOf,
  type Operator,
  type Shape,
  Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import {
  alike,
  batchSize,
  itemSize,
  type Kernel,
  type KernelCall,
  type OperandRanges,
  placedCall,
  rangeTable,
  rowsCall,
  type SumCalls,
  sizedCall,
} from '@infnet/core/kernels';
import { avgPool2d } from '@infnet/nn';
import { refuseTargetGradient, requireAlike, requireKept, requireScalar, SCALAR } from '@infnet/nn/kernels';
import source from './joint-loss.wgsl';
import gradientSource from './joint-loss-gradient.wgsl';
import totalSource from './joint-loss-total.wgsl';

export const jointLossKernel: Kernel = { name: 'trainer/joint-loss', source };
export const jointLossTotalKernel: Kernel = { name: 'trainer/joint-loss-total', source: totalSource };
export const jointLossGradientKernel: Kernel = { name: 'trainer/joint-loss-gradient', source: gradientSource };

/** `as-released`: plain mean cross entropy, as the goldens. `paper`: weighted, as the paper says. */
export type JointLossVariant = 'as-released' | 'paper';

const VARIANTS: readonly JointLossVariant[] = ['as-released', 'paper'];

const OPTIONS = { shape: 'maps', variant: VARIANTS, 'imageOffset?': 'count' } as const;

export type JointLossAttributes = { readonly variant: JointLossVariant };

export interface JointLossCallOptions extends JointLossAttributes {
  /** [N, ...] of logits, mask and pooled mask. */
  readonly shape: Shape;
  readonly ranges?: OperandRanges<'z' | 't' | 'pooled'>;
  /** Index of the loss and of the first image's factors in their buffers. Default 0. */
  readonly yOffset?: number;
  readonly imageOffset?: number;
}

/**
 * The two dispatches of the loss; bindings z, t, pooled, partial, and partial, y, image [N, 4]: each image's factors
 * for the gradient.
 */
export function jointLossCalls(options: JointLossCallOptions): SumCalls {
  const where = 'jointLossCalls';
  checkOptions(where, options, {
    ...OPTIONS,
    ...rangeTable('z', 't', 'pooled'),
    'yOffset?': 'count',
  });
  const { shape, variant, ranges, yOffset = 0, imageOffset = 0 } = options;
  const [values, images, item] = [elementCount(shape), batchSize(shape), itemSize(shape)];
  const { partial, partialCount, dealt } = rowsCall(where, jointLossKernel, {
    operands: alike(shape, 'z', 't', 'pooled'),
    ranges,
    rows: images,
    rowSize: item,
    parts: 6,
    flops: 35 * values,
    values: 3 * values,
  });
  const total: KernelCall = {
    kernel: jointLossTotalKernel,
    constants: { WEIGHTED: Number(variant === 'paper') },
    params: { yOffset, imageOffset, groupsPerRow: dealt.groupsPerRow, images, item },
    workgroups: [1, 1, 1],
    flops: partialCount,
    bytes: 4 * (partialCount + 4 * images + 1),
  };
  const sizes = { partial: partialCount, y: yOffset + 1, image: imageOffset + 4 * images };
  return { partial, partialCount, total: sizedCall(where, total, sizes) };
}

export interface JointLossGradientCallOptions extends JointLossAttributes {
  readonly shape: Shape;
  readonly ranges?: OperandRanges<'z' | 't' | 'pooled' | 'd'>;
  /** Index of the loss's gradient and of the first image's factors in their buffers. Default 0. */
  readonly gOffset?: number;
  readonly imageOffset?: number;
}

/** One dispatch; bindings g, z, t, pooled, image, d. */
export function jointLossGradientCall(options: JointLossGradientCallOptions): KernelCall {
  const where = 'jointLossGradientCall';
  checkOptions(where, options, {
    ...OPTIONS,
    ...rangeTable('z', 't', 'pooled', 'd'),
    'gOffset?': 'count',
  });
  const { shape, variant, ranges, gOffset = 0, imageOffset = 0 } = options;
  const count = elementCount(shape);
  return placedCall(where, jointLossGradientKernel, {
    operands: alike(shape, 'z', 't', 'pooled', 'd'),
    ranges,
    elements: { g: gOffset + 1, image: imageOffset + 4 * batchSize(shape) },
    constants: { WEIGHTED: Number(variant === 'paper') },
    params: { gOffset, imageOffset, item: itemSize(shape), factor: 1 / count },
    invocations: count,
    flops: 25 * count,
    values: 4 * count,
  });
}

function check({ z, t, pooled }: Readonly<Record<'z' | 't' | 'pooled', TensorType>>, where: string): void {
  const operands = [
    ['the logits', z],
    ['the mask', t],
    ['the pooled mask', pooled],
  ] as const;
  requireAlike(where, operands);
}

/** Inputs: logits, mask, pooled mask. Outputs: the loss; per image, what the gradient needs. */
export const jointLossOperator: Operator<JointLossAttributes> = defineOperator({
  name: 'jointLoss',
  inputs: ['z', 't', 'pooled'],
  outputs: ['y', 'image'],
  infer(inputs, _attributes, where) {
    check(inputs, where);
    return { y: SCALAR, image: { shape: [batchSize(inputs.z.shape), 4], dtype: 'f32' } };
  },
  lower({ inputs: { z, t, pooled }, outputs: { y, image }, attributes, scratch }) {
    const calls = jointLossCalls({
      ...attributes,
      shape: z.type.shape,
      ranges: { z, t, pooled },
      yOffset: y.offset,
      imageOffset: image.offset,
    });
    const partial = scratch(calls.partialCount, 'partial sums');
    return [dispatch(calls.partial, { z, t, pooled, partial }), dispatch(calls.total, { partial, y, image })];
  },
  gradient({ inputs: { z, t, pooled }, outputs: { image }, outputGradients: { y: g }, attributes, needed }) {
    if (needed.t || needed.pooled) refuseTargetGradient('jointLoss', 'the mask');
    if (g === undefined || !needed.z) return {};
    return { z: applyOne(jointLossGradientOperator, [g, z, t, pooled, image], attributes) };
  },
});

/** Inputs: gradient of the loss, logits, mask, pooled mask, factors per image. Output: gradient of the logits. */
export const jointLossGradientOperator: Operator<JointLossAttributes> = defineOperator({
  name: 'jointLossGradient',
  inputs: ['g', 'z', 't', 'pooled', 'image'],
  outputs: ['d'],
  infer({ g, z, t, pooled, image }, _attributes, where) {
    requireScalar(g, where);
    check({ z, t, pooled }, where);
    requireKept(image, [batchSize(z.shape), 4], where);
    return { d: z };
  },
  lower({ inputs: { g, z, t, pooled, image }, outputs: { d }, attributes }) {
    const call = jointLossGradientCall({
      ...attributes,
      shape: z.type.shape,
      ranges: { z, t, pooled, d },
      gOffset: g.offset,
      imageOffset: image.offset,
    });
    return [dispatch(call, { g, z, t, pooled, image, d })];
  },
});

/** Pooled masks that were traced already: the maps of a net are compared with one mask. */
const pooledMasks = new WeakMap<Tensor, Tensor>();

function pooledMask(mask: Tensor): Tensor {
  let pooled = pooledMasks.get(mask);
  if (pooled === undefined) {
    pooled = avgPool2d(mask, 31, { stride: 1, padding: 15 });
    pooledMasks.set(mask, pooled);
  }
  return pooled;
}

/**
 * Binary cross entropy plus weighted IoU of sigmoid(logits) with a mask. A scalar; the gradient flows to the logits.
 * There is none for the mask: one that is computed from what is trained is refused (`GRADIENT_TARGET`) unless detached.
 *
 * With w = 1 + 5 |average of the mask over 31 x 31 - mask| (zeros beyond the border are counted) and, per image,
 * I = sum of p t w, S = sum of (p + t) w: the IoU part is the mean over images of 1 - (I + 1) / (S - I + 1).
 *
 * @param logits [N, C, H, W]
 * @param mask [N, C, H, W], in [0, 1]; soft masks are fine
 * @param options `variant` of the cross entropy: `as-released` (default, the reference's numbers: plain mean over the
 *   batch) or `paper` (weighted mean per image).
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, with the module's path.
 */
export function jointLoss(logits: TensorLike, mask: TensorLike, options: Partial<JointLossAttributes> = {}): Tensor {
  checkOptions('jointLoss', options, { 'variant?': ['as-released', 'paper'] });
  const { variant = 'as-released' } = options;
  const t = mask instanceof Tensor ? mask : graphOf([logits], 'jointLoss').parameter(mask);
  return applyOne(jointLossOperator, [logits, t, pooledMask(t)], { variant });
}
