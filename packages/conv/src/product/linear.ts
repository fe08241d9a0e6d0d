/** linear: rows times a shared matrix, with a bias; and its gradients, each with kernels of its own. */
import {
  applyNamed,
  applyOne,
  checkNames,
  defineOperator,
  dispatch,
  elementCount,
  formatShape,
  Module,
  type NamedOperator,
  type Operator,
  Parameter,
  requireShape,
  requireSizes,
  requireType,
  type Shape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { lineCall } from '@infnet/core/kernels';
import type { GatherKernel } from '../forward/algorithm.js';
import { biasGradientKernel } from '../gradient/bias-call.js';
import { sumSplitsCall } from '../gradient/weight-calls.js';
import { partsOf, productDispatches, rowsOf } from './gathers.js';

export type LinearAttributes = {
  /** The weights are stored as [in, out]: in the gradient of x. */
  readonly transposed: boolean;
  /** Overrides the choice by device and shape: for tests and comparisons. */
  readonly algorithm?: GatherKernel | undefined;
};

const INPUTS = ['x', 'weight', 'bias?'] as const;

/** Inputs: x [..., in], weight [out, in] (or [in, out]), and bias [out] if there is one. */
export const linearOperator: NamedOperator<typeof INPUTS, readonly ['y'], LinearAttributes> = standardOperator(
  defineOperator({
    name: 'linear',
    inputs: INPUTS,
    outputs: ['y'],
    infer({ x, weight, bias }, { transposed }, where) {
      requireType(x, 'f32', 'the input', where);
      requireType(weight, 'f32', 'the weight', where);
      requireSizes(where, x.shape, weight.shape);
      const layout = transposed ? '[in, out]' : '[out, in]';
      if (weight.shape.length !== 2) {
        shapeError('SHAPE_RANK', where, `the weight has the shape ${formatShape(weight.shape)}; ${layout} is needed`);
      }
      if (x.shape.length === 0) shapeError('SHAPE_RANK', where, 'the input is a scalar; [..., in] is needed');
      const [outFeatures, inFeatures] = featuresOf(weight.shape, transposed);
      if (x.shape.at(-1) !== inFeatures) {
        const shapes = `input ${formatShape(x.shape)}, weight ${formatShape(weight.shape)}`;
        shapeError(
          'SHAPE_MISMATCH',
          where,
          `the weight takes ${inFeatures} features, the input has ${x.shape.at(-1)} (${shapes})`,
          `The features are the input's last dimension, and the weight is ${layout}.`,
        );
      }
      if (bias !== undefined) {
        requireType(bias, 'f32', 'the bias', where);
        requireShape(bias.shape, [outFeatures], 'the bias', where);
      }
      return { y: { shape: [...x.shape.slice(0, -1), outFeatures], dtype: 'f32' } };
    },
    lower({ inputs: { x, weight, bias }, outputs: { y }, attributes: { transposed, algorithm }, ...context }) {
      const { shape } = x.type;
      const [outFeatures, inFeatures] = featuresOf(weight.type.shape, transposed);
      const apart = weight.batchStride;
      const product = {
        batch: 1,
        rows: outFeatures,
        columns: elementCount(shape.slice(1, -1)),
        steps: inFeatures,
        left: { offset: weight.offset, row: transposed ? 1 : apart, step: transposed ? apart : 1, batch: 0 },
        right: { column: inFeatures, step: 1, batch: 0 },
        result: { row: 1, column: outFeatures, batch: 0 },
        items: shape.length > 1 ? shape[0] : 1,
      };
      return productDispatches(product, { left: weight, right: x, y, bias }, algorithm, context);
    },
    gradient({ inputs: { x, weight }, outputGradients: { y: g }, attributes: { transposed }, needed }) {
      return {
        x: needed.x ? linearBy(g, weight, !transposed) : undefined,
        weight: needed.weight ? applyOne(linearWeightGradientOperator, transposed ? [x, g] : [g, x], {}) : undefined,
        bias: needed.bias ? applyOne(linearBiasGradientOperator, [g], {}) : undefined,
      };
    },
  }),
);

/**
 * Inputs: a [..., p], b [..., q]. Output: y[i, j] = sum over all rows r of a[r, i] * b[r, j], [p, q]. Long sums are cut
 * into parts, which are added in a fixed order.
 */
export const linearWeightGradientOperator: Operator<{ readonly algorithm?: GatherKernel | undefined }> = defineOperator(
  {
    name: 'linearWeightGradient',
    inputs: ['a', 'b'],
    outputs: ['y'],
    infer({ a, b }, _attributes, where) {
      for (const type of [a, b]) {
        requireType(type, 'f32', 'the operand', where);
        requireSizes(where, type.shape);
        if (type.shape.length === 0) shapeError('SHAPE_RANK', where, 'an operand is a scalar; [..., n] is needed');
      }
      requireShape(b.shape.slice(0, -1), a.shape.slice(0, -1), 'the leading dimensions of the second operand', where);
      return { y: { shape: [a.shape.at(-1) as number, b.shape.at(-1) as number], dtype: 'f32' } };
    },
    takesViews: false,
    lower({ inputs: { a, b }, outputs: { y }, attributes: { algorithm }, ...context }) {
      const [steps, p] = rowsOf(a.type.shape);
      const q = b.type.shape.at(-1) as number;
      const parts = partsOf(steps, p * q);
      const partial = parts === 1 ? y : context.scratch(parts * p * q, 'weight gradient parts');
      const product = {
        batch: parts,
        rows: p,
        columns: q,
        steps: steps / parts,
        left: { offset: a.offset, row: 1, step: p, batch: (steps / parts) * p },
        right: { column: 1, step: q, batch: (steps / parts) * q },
        result: { row: q, column: 1, batch: p * q },
      };
      const dispatches = productDispatches(product, { left: a, right: b, y: partial }, algorithm, context);
      if (parts === 1) return dispatches;
      return [...dispatches, { ...sumSplitsCall(parts, p * q, q, y), operands: { partial, y } }];
    },
    gradient: ({ inputs: { a, b }, outputGradients: { y: g }, needed }) => ({
      a: needed.a ? linearBy(b, g, false) : undefined,
      b: needed.b ? linearBy(a, g, true) : undefined,
    }),
  },
);

/** Input: g [..., out]. Output: the sum over all rows, [out]; in parts that are added in a fixed order. */
export const linearBiasGradientOperator: Operator<Record<string, never>> = defineOperator({
  name: 'linearBiasGradient',
  inputs: ['g'],
  outputs: ['y'],
  infer({ g }, _attributes, where) {
    requireType(g, 'f32', 'the gradient of the output', where);
    requireSizes(where, g.shape);
    if (g.shape.length === 0) shapeError('SHAPE_RANK', where, 'the gradient is a scalar; [..., out] is needed');
    return { y: { shape: [g.shape.at(-1) as number], dtype: 'f32' } };
  },
  takesViews: false,
  lower({ inputs: { g }, outputs: { y }, scratch }) {
    const [rows, features] = rowsOf(g.type.shape);
    const parts = partsOf(rows, features);
    const channels = parts * features;
    // Rows r, r + parts, ... are a part: as many channels side by side, of one pixel.
    const product = lineCall(biasGradientKernel, {
      params: { batch: rows / parts, channels, pixels: 1, splits: 1, gOffset: g.offset, gBatchStride: channels },
      invocations: channels,
      flops: rows * features,
      values: rows * features + channels,
    });
    const partial = scratch(channels, 'bias gradient parts');
    const sum = sumSplitsCall(parts, features, 1, { offset: y.offset, batchStride: 1 });
    return [dispatch(product, { g, y: partial }), dispatch(sum, { partial, y })];
  },
});

/**
 * Rows times a shared matrix: y[..., o] = bias[o] + sum over i of weight[o, i] * x[..., i].
 *
 * @param x [..., in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [..., out]
 * @throws InfnetError `OPTION_UNKNOWN`, `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, with the shapes.
 */
export function linear(
  x: TensorLike,
  weight: TensorLike,
  bias?: TensorLike,
  options: { readonly algorithm?: GatherKernel } = {},
): Tensor {
  checkNames('linear', options, ['algorithm']);
  return applyNamed(linearOperator, { x, weight, bias }, { transposed: false, ...options }).y;
}

/** `linear` as a module; `state_dict` names `weight` [out, in] and `bias` [out]. First values: PyTorch's default. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;

  /** @throws InfnetError `OPTION_UNKNOWN`. */
  constructor(inFeatures: number, outFeatures: number, options: { readonly bias?: boolean } = {}) {
    super();
    checkNames('Linear', options, ['bias']);
    const init = { kind: 'uniformFanIn', fanIn: inFeatures } as const;
    this.weight = new Parameter([outFeatures, inFeatures], { init });
    this.bias = options.bias === false ? undefined : new Parameter([outFeatures], { init });
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

function linearBy(x: Tensor, weight: Tensor, transposed: boolean): Tensor {
  return applyNamed(linearOperator, { x, weight, bias: undefined }, { transposed }).y;
}

function featuresOf([first = 0, second = 0]: Shape, transposed: boolean): readonly [out: number, into: number] {
  return transposed ? [second, first] : [first, second];
}
