/** Smooth activations: silu, gelu, mish, softplus, elu, tanh. */
import {
  applyOne,
  checkNames,
  checkOptions,
  Module,
  type Operator,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { elementwiseOperator } from './elementwise.js';
import { ERF, EXP, MISH, SIGMOID, SOFTPLUS, TANH } from './functions.js';

type None = Record<string, never>;

export const siluOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('silu', {
    forward: 'x * sigmoid(x)',
    gradient: 'g * sigmoid(x) * (1.0 + x * (1.0 - sigmoid(x)))',
    functions: SIGMOID,
  }),
);

/** x sigmoid(x), also called swish. */
export function silu(x: TensorLike): Tensor {
  return applyOne(siluOperator, [x], {});
}

/** x sigmoid(x). */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    return silu(x);
  }
}

export const geluOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('gelu', {
    forward: '0.5 * x * (1.0 + erf(x * 0.70710678))',
    gradient: 'g * (0.5 * (1.0 + erf(x * 0.70710678)) + x * 0.3989423 * preciseExp(-0.5 * x * x))',
    functions: ERF,
  }),
);

const GATE = 'preciseTanh(0.7978846 * (x + 0.044715 * x * x * x))';

export const geluTanhOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('geluTanh', {
    forward: `0.5 * x * (1.0 + ${GATE})`,
    gradient: `g * (0.5 * (1.0 + ${GATE}) + 0.5 * x * (1.0 - ${GATE} * ${GATE}) * 0.7978846 * (1.0 + 0.134145 * x * x))`,
    functions: TANH,
  }),
);

export interface GeluOptions {
  /** `tanh`: the approximation by tanh that GPT-2 and some vision nets were trained with. Default `none`. */
  readonly approximate?: 'none' | 'tanh';
}

/** x times the normal distribution's cumulative function at x. @throws InfnetError `OPTION_...`. */
export function gelu(x: TensorLike, options: GeluOptions = {}): Tensor {
  checkOptions('gelu', options, { 'approximate?': ['none', 'tanh'] });
  return applyOne(options.approximate === 'tanh' ? geluTanhOperator : geluOperator, [x], {});
}

/** {@link gelu}. */
export class GELU extends Module {
  readonly #options: GeluOptions;

  /** @throws InfnetError `OPTION_...`. */
  constructor(options: GeluOptions = {}) {
    super();
    checkOptions('GELU', options, { 'approximate?': ['none', 'tanh'] });
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    return gelu(x, this.#options);
  }
}

export const mishOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('mish', {
    forward: 'x * mishGate(x)',
    gradient: 'g * mishSlope(x)',
    functions: MISH,
  }),
);

/** x tanh(softplus(x)). */
export function mish(x: TensorLike): Tensor {
  return applyOne(mishOperator, [x], {});
}

/** x tanh(softplus(x)). */
export class Mish extends Module {
  override forward(x: Tensor): Tensor {
    return mish(x);
  }
}

export interface SoftplusOptions {
  /** Default 1. */
  readonly beta?: number;
  /** Where beta x is above it, the result is x. Default 20. */
  readonly threshold?: number;
}

const SOFTPLUS_DEFAULTS: Readonly<Record<'beta' | 'threshold', number>> = { beta: 1, threshold: 20 };

export const softplusOperator: Operator<Readonly<Record<'beta' | 'threshold', number>>> =
  /* @__PURE__ */ standardOperator(
    /* @__PURE__ */ elementwiseOperator('softplus', {
      numbers: SOFTPLUS_DEFAULTS,
      forward: 'softplus(x, beta, threshold)',
      gradient: 'select(g * sigmoid(beta * x), g, beta * x > threshold)',
      functions: SOFTPLUS,
    }),
  );

/** log(1 + exp(beta x)) / beta. @throws InfnetError `OPTION_UNKNOWN`, `SHAPE_ATTRIBUTE`. */
export function softplus(x: TensorLike, options: SoftplusOptions = {}): Tensor {
  checkNames('softplus', options, ['beta', 'threshold']);
  return applyOne(softplusOperator, [x], { ...SOFTPLUS_DEFAULTS, ...options });
}

/** {@link softplus}. */
export class Softplus extends Module {
  readonly #options: SoftplusOptions;

  /** @throws InfnetError `OPTION_UNKNOWN`. */
  constructor(options: SoftplusOptions = {}) {
    super();
    checkNames('Softplus', options, ['beta', 'threshold']);
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    return softplus(x, this.#options);
  }
}

export const eluOperator: Operator<{ readonly alpha: number }> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('elu', {
    numbers: { alpha: 1 },
    forward: 'select(alpha * expm1(x), x, x > 0.0)',
    gradient: 'select(g, g * alpha * preciseExp(x), x <= 0.0)',
    functions: EXP,
  }),
);

/** x where x > 0, else alpha (exp(x) - 1). */
export function elu(x: TensorLike, alpha = 1): Tensor {
  return applyOne(eluOperator, [x], { alpha });
}

/** x where x > 0, else alpha (exp(x) - 1). */
export class ELU extends Module {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  override forward(x: Tensor): Tensor {
    return elu(x, this.alpha);
  }
}

export const tanhOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('tanh', {
    forward: 'preciseTanh(x)',
    gradient: 'g * (1.0 - y * y)',
    functions: TANH,
  }),
);

/** The hyperbolic tangent. */
export function tanh(x: TensorLike): Tensor {
  return applyOne(tanhOperator, [x], {});
}

/** The hyperbolic tangent. */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}
