/** The second face: the product of two or three maps of one shape, with its gradient. */
import {
  apply,
  applyOne,
  defineOperator,
  dispatch,
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
import { FACTORS, type ProductOperand, productCall, productGradientCall } from './product-call.js';

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

/** Views by the names that the kernels have for factors, or (prefix d) for their gradients. */
const named = (views: readonly View[], prefix: '' | 'd'): Partial<Record<ProductOperand, View>> =>
  Object.fromEntries(views.map((view, i) => [`${prefix}${FACTORS[i]}`, view]));

const countOf = (factors: readonly View[]): 2 | 3 => (factors.length === 2 ? 2 : 3);

export const productOperator: Operator = standardOperator(
  defineOperator({
    name: 'product',
    inputs: ['...factors'],
    outputs: ['y'],
    infer: ({ factors }, _attributes, where) => ({ y: checkFactors(factors, where) }),
    lower({ inputs: { factors }, outputs: { y } }) {
      const operands = { ...named(factors, ''), y };
      const call = productCall({ shape: y.type.shape, factors: countOf(factors), ranges: operands });
      return [dispatch(call, operands)];
    },
    gradient({ inputs: { factors }, outputGradients: { y: g }, needed }) {
      if (needed.factors.every((need) => need)) {
        return { factors: apply(productGradientOperator, [g, ...factors], {}) };
      }
      const others = (i: number): readonly Tensor[] => factors.filter((_, k) => k !== i);
      return { factors: factors.map((_, i) => (needed.factors[i] ? product([g, ...others(i)]) : undefined)) };
    },
  }),
);

/** Inputs: g, then the factors. Outputs: the gradient of every factor. */
export const productGradientOperator: Operator = defineOperator({
  name: 'productGradient',
  inputs: ['g', '...factors'],
  outputs: ['...gradients'],
  infer({ g, factors }, _attributes, where) {
    checkFactors([g, checkFactors(factors, where)], where);
    return { gradients: factors };
  },
  lower({ inputs: { g, factors }, outputs: { gradients } }) {
    const operands = { g, ...named(factors, ''), ...named(gradients, 'd') };
    const call = productGradientCall({ shape: g.type.shape, factors: countOf(factors), ranges: operands });
    return [dispatch(call, operands)];
  },
});

/**
 * The product of two or three tensors of one shape in one pass; its gradient is one pass too.
 *
 * @throws InfnetError `SHAPE_MISMATCH`, with the module's path.
 */
export function product(factors: readonly TensorLike[]): Tensor {
  return applyOne(productOperator, factors, {});
}
