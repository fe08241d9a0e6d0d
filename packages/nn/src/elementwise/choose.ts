/** minimum, maximum, where, and comparisons, which give 1 where they hold and else 0. All with broadcasting. */
import { applyOne, type Operator, standardOperator, type Tensor, type TensorLike } from '@infnet/core';
import { elementwiseOperator } from './elementwise.js';

type None = Record<string, never>;

export const minimumOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('minimum', {
    inputs: ['a', 'b'],
    forward: 'keepNan(keepNan(min(a, b), b), a)',
    gradient: {
      a: 'select(select(g, 0.5 * g, a == b), 0.0, a > b)',
      b: 'select(select(g, 0.5 * g, a == b), 0.0, a < b)',
    },
  }),
);

/** The smaller of two; NaN where one is. Where both are equal, each gets half of the gradient, as in PyTorch. */
export function minimum(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(minimumOperator, [a, b], {});
}

export const maximumOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('maximum', {
    inputs: ['a', 'b'],
    forward: 'keepNan(keepNan(max(a, b), b), a)',
    gradient: {
      a: 'select(select(g, 0.5 * g, a == b), 0.0, a < b)',
      b: 'select(select(g, 0.5 * g, a == b), 0.0, a > b)',
    },
  }),
);

/** The larger of two; NaN where one is. Where both are equal, each gets half of the gradient, as in PyTorch. */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(maximumOperator, [a, b], {});
}

const IS_ON = '(bitcast<u32>(condition) & 0x7fffffffu) != 0u';

/** Inputs: condition, a, b. */
export const whereOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('where', {
    inputs: ['condition', 'a', 'b'],
    forward: `select(b, a, ${IS_ON})`,
    gradient: { a: `select(0.0, g, ${IS_ON})`, b: `select(g, 0.0, ${IS_ON})` },
  }),
);

/** `a` where the condition is not 0, else `b`. The condition gets no gradient. */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  return applyOne(whereOperator, [condition, a, b], {});
}

type Comparison = 'equal' | 'notEqual' | 'less' | 'lessEqual' | 'greater' | 'greaterEqual';

/** Comparisons with NaN do not hold, but for `notEqual`, whatever a device's own say. */
const COMPARISONS: Readonly<Record<Comparison, string>> = {
  equal: '==',
  notEqual: '==',
  less: '<',
  lessEqual: '<=',
  greater: '>',
  greaterEqual: '>=',
};

const compare = (name: Comparison, b: string): string =>
  `select(${name === 'notEqual' ? '1.0, 0.0' : '0.0, 1.0'}, x ${COMPARISONS[name]} ${b} && !isNan(x) && !isNan(${b}))`;

function comparison(name: Comparison): Operator<None> {
  return standardOperator(elementwiseOperator(name, { inputs: ['x', 'other'], forward: compare(name, 'other') }));
}

function comparisonWithNumber(name: Comparison): Operator<{ readonly value: number }> {
  return standardOperator(
    elementwiseOperator(`${name}Scalar`, { numbers: { value: 0 }, forward: compare(name, 'value') }),
  );
}

export const equalOperator: Operator<None> = /* @__PURE__ */ comparison('equal');
export const notEqualOperator: Operator<None> = /* @__PURE__ */ comparison('notEqual');
export const lessOperator: Operator<None> = /* @__PURE__ */ comparison('less');
export const lessEqualOperator: Operator<None> = /* @__PURE__ */ comparison('lessEqual');
export const greaterOperator: Operator<None> = /* @__PURE__ */ comparison('greater');
export const greaterEqualOperator: Operator<None> = /* @__PURE__ */ comparison('greaterEqual');
export const equalScalarOperator: Operator<{ readonly value: number }> = /* @__PURE__ */ comparisonWithNumber('equal');
export const notEqualScalarOperator: Operator<{ readonly value: number }> =
  /* @__PURE__ */ comparisonWithNumber('notEqual');
export const lessScalarOperator: Operator<{ readonly value: number }> = /* @__PURE__ */ comparisonWithNumber('less');
export const lessEqualScalarOperator: Operator<{ readonly value: number }> =
  /* @__PURE__ */ comparisonWithNumber('lessEqual');
export const greaterScalarOperator: Operator<{ readonly value: number }> =
  /* @__PURE__ */ comparisonWithNumber('greater');
export const greaterEqualScalarOperator: Operator<{ readonly value: number }> =
  /* @__PURE__ */ comparisonWithNumber('greaterEqual');

function compared(
  x: TensorLike,
  other: TensorLike | number,
  operator: Operator<None>,
  withNumber: Operator<{ readonly value: number }>,
): Tensor {
  return typeof other === 'number' ? applyOne(withNumber, [x], { value: other }) : applyOne(operator, [x, other], {});
}

/** 1 where x = other, else 0. */
export function equal(x: TensorLike, other: TensorLike | number): Tensor {
  return compared(x, other, equalOperator, equalScalarOperator);
}

/** 1 where x differs from other or one of them is NaN, else 0. */
export function notEqual(x: TensorLike, other: TensorLike | number): Tensor {
  return compared(x, other, notEqualOperator, notEqualScalarOperator);
}

/** 1 where x < other, else 0. */
export function less(x: TensorLike, other: TensorLike | number): Tensor {
  return compared(x, other, lessOperator, lessScalarOperator);
}

/** 1 where x <= other, else 0. */
export function lessEqual(x: TensorLike, other: TensorLike | number): Tensor {
  return compared(x, other, lessEqualOperator, lessEqualScalarOperator);
}

/** 1 where x > other, else 0. */
export function greater(x: TensorLike, other: TensorLike | number): Tensor {
  return compared(x, other, greaterOperator, greaterScalarOperator);
}

/** 1 where x >= other, else 0. */
export function greaterEqual(x: TensorLike, other: TensorLike | number): Tensor {
  return compared(x, other, greaterEqualOperator, greaterEqualScalarOperator);
}
