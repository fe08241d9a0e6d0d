/** The second face: the product of two or three maps of one shape, with its gradient. */
import {
  apply,
  applyOne,
  formatShape,
  InfnetError,
  type Operator,
  sameShape,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import { FACTORS, productCall, productGradientCall } from './product-call.js';

function checkFactors(factors: readonly TensorType[], where: string): TensorType {
  const [first] = factors;
  const fits = factors.length === 2 || factors.length === 3;
  if (first !== undefined && fits && factors.every((f) => f.dtype === 'f32' && sameShape(f.shape, first.shape)))
    return first;
  throw new InfnetError({
    code: 'SHAPE_MISMATCH',
    message: `product needs 2 or 3 f32 tensors of one shape, got ${factors.map(({ shape }) => formatShape(shape)).join(' and ')}`,
    where,
    fix: 'In the partial decoder every map has twice the height and width of the one before it (golden quirk 3).',
  });
}

export const productOperator: Operator = standardOperator({
  name: 'product',
  infer: (inputs, _attributes, where) => [checkFactors(inputs, where)],
  lower({ inputs, outputs }) {
    const y = outputs[0] as View;
    const operands = Object.fromEntries([...inputs.map((view, i) => [FACTORS[i], view]), ['y', y]]) as Record<
      string,
      View
    >;
    const call = productCall({ shape: y.type.shape, factors: inputs.length as 2 | 3, ranges: operands });
    return [{ ...call, operands }];
  },
  gradient({ inputs, outputGradients: [g], needed }) {
    if (g === undefined) return [];
    if (needed.every((need) => need)) return apply(productGradientOperator, [g, ...inputs], {});
    return inputs.map((_, i) => (needed[i] ? product([g, ...inputs.filter((_, k) => k !== i)]) : undefined));
  },
});

/** Inputs: g, then the factors. Outputs: the gradient of every factor. */
export const productGradientOperator: Operator = {
  name: 'productGradient',
  infer([g, ...factors], _attributes, where) {
    const first = checkFactors(factors, where);
    checkFactors([g as TensorType, first], where);
    return factors;
  },
  lower({ inputs: [g, ...factors], outputs }) {
    const named = (views: readonly View[], prefix: string): [string, View][] =>
      views.map((view, i) => [`${prefix}${FACTORS[i]}`, view]);
    const operands = Object.fromEntries([['g', g as View], ...named(factors, ''), ...named(outputs, 'd')]);
    const call = productGradientCall({
      shape: (g as View).type.shape,
      factors: factors.length as 2 | 3,
      ranges: operands,
    });
    return [{ ...call, operands }];
  },
};

/**
 * The product of two or three tensors of one shape in one pass; its gradient is one pass too.
 *
 * @throws InfnetError `SHAPE_MISMATCH`, with the module's path.
 */
export function product(factors: readonly TensorLike[]): Tensor {
  return applyOne(productOperator, factors, {});
}
