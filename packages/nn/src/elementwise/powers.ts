/** exp, log, sqrt, rsqrt, pow, sin, cos, erf. */
import { applyOne, type Operator, standardOperator, type Tensor, type TensorLike } from '@infnet/core';
import { elementwiseOperator } from './elementwise.js';
import { ERF, EXP, LOG, POW, SIN_COS } from './functions.js';

type None = Record<string, never>;

export const expOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('exp', { forward: 'preciseExp(x)', gradient: 'g * y', functions: EXP }),
);

/** e to the power x. */
export function exp(x: TensorLike): Tensor {
  return applyOne(expOperator, [x], {});
}

export const logOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('log', { forward: 'preciseLog(x)', gradient: 'g / x', functions: LOG }),
);

/** The natural logarithm. */
export function log(x: TensorLike): Tensor {
  return applyOne(logOperator, [x], {});
}

export const sqrtOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('sqrt', {
    forward: 'select(nan(), sqrt(x), x >= 0.0)',
    gradient: 'g / (2.0 * y)',
  }),
);

/** The square root; NaN below 0. */
export function sqrt(x: TensorLike): Tensor {
  return applyOne(sqrtOperator, [x], {});
}

export const rsqrtOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('rsqrt', {
    forward: 'select(nan(), 1.0 / sqrt(x), x >= 0.0)',
    gradient: '-0.5 * g * y * y * y',
  }),
);

/** 1 / sqrt(x); NaN below 0. */
export function rsqrt(x: TensorLike): Tensor {
  return applyOne(rsqrtOperator, [x], {});
}

export const squareOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('square', { forward: 'x * x', gradient: '2.0 * g * x' }),
);

/** Inputs: base and exponent, broadcast. */
export const powOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('pow', {
    inputs: ['a', 'b'],
    forward: 'precisePow(a, b)',
    gradient: {
      a: 'select(g * b * precisePow(a, b - 1.0), 0.0, b == 0.0)',
      b: 'select(g * y * preciseLog(a), 0.0, a == 0.0 && b >= 0.0)',
    },
    functions: POW,
  }),
);

export const powScalarOperator: Operator<{ readonly exponent: number }> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('powScalar', {
    numbers: { exponent: 2 },
    forward: 'precisePow(x, exponent)',
    gradient: 'select(g * exponent * precisePow(x, exponent - 1.0), 0.0, exponent == 0.0)',
    functions: POW,
  }),
);

/** `x` to a power, a number or a tensor that is broadcast: C's and PyTorch's `pow`. */
export function pow(x: TensorLike, exponent: TensorLike | number): Tensor {
  if (typeof exponent !== 'number') return applyOne(powOperator, [x, exponent], {});
  if (exponent === 2) return applyOne(squareOperator, [x], {});
  return exponent === 0.5 ? sqrt(x) : applyOne(powScalarOperator, [x], { exponent });
}

export const sinOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('sin', {
    forward: 'preciseSin(x)',
    gradient: 'g * preciseCos(x)',
    functions: SIN_COS,
  }),
);

/** The sine of an angle in radians. */
export function sin(x: TensorLike): Tensor {
  return applyOne(sinOperator, [x], {});
}

export const cosOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('cos', {
    forward: 'preciseCos(x)',
    gradient: '-g * preciseSin(x)',
    functions: SIN_COS,
  }),
);

/** The cosine of an angle in radians. */
export function cos(x: TensorLike): Tensor {
  return applyOne(cosOperator, [x], {});
}

export const erfOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('erf', {
    forward: 'erf(x)',
    gradient: 'g * 1.1283792 * preciseExp(-x * x)',
    functions: ERF,
  }),
);

/** The error function. */
export function erf(x: TensorLike): Tensor {
  return applyOne(erfOperator, [x], {});
}
