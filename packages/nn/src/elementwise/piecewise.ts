/** Activations of straight pieces and parabolas: relu6, hardsigmoid, hardswish, clamp, abs, prelu. */
import {
  applyOne,
  checkOptions,
  Module,
  type Operator,
  Parameter,
  requireInteger,
  shapeError,
  standardOperator,
  Tensor,
  type TensorLike,
} from '@infnet/core';
import { reshape } from '../placement/reshape.js';
import { elementwiseOperator } from './elementwise.js';

type None = Record<string, never>;

export const relu6Operator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('relu6', {
    forward: 'keepNan(clamp(x, 0.0, 6.0), x)',
    gradient: 'select(0.0, g, x > 0.0 && x < 6.0)',
  }),
);

/** min(max(x, 0), 6). */
export function relu6(x: TensorLike): Tensor {
  return applyOne(relu6Operator, [x], {});
}

/** min(max(x, 0), 6). */
export class ReLU6 extends Module {
  override forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

export const hardsigmoidOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('hardsigmoid', {
    forward: 'keepNan(clamp(x + 3.0, 0.0, 6.0), x) * 0.16666667',
    gradient: 'select(0.0, g * 0.16666667, x > -3.0 && x < 3.0)',
  }),
);

/** min(max(x + 3, 0), 6) / 6. */
export function hardsigmoid(x: TensorLike): Tensor {
  return applyOne(hardsigmoidOperator, [x], {});
}

/** min(max(x + 3, 0), 6) / 6. */
export class Hardsigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

export const hardswishOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('hardswish', {
    forward: 'x * keepNan(clamp(x + 3.0, 0.0, 6.0), x) / 6.0',
    gradient: 'select(g, select(g * (x / 3.0 + 0.5), 0.0, x <= -3.0), x < 3.0)',
  }),
);

/** x hardsigmoid(x). */
export function hardswish(x: TensorLike): Tensor {
  return applyOne(hardswishOperator, [x], {});
}

/** x hardsigmoid(x). */
export class Hardswish extends Module {
  override forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

export interface ClampOptions {
  readonly min?: number;
  readonly max?: number;
}

export const clampOperator: Operator<{ readonly low: number; readonly high: number }> =
  /* @__PURE__ */ standardOperator(
    /* @__PURE__ */ elementwiseOperator('clamp', {
      numbers: { low: 0, high: 1 },
      // Where the limits cross, the upper one holds.
      forward: 'keepNan(min(max(x, low), high), x)',
      gradient: 'select(0.0, g, x >= low && x <= high)',
    }),
  );

export const clampMinOperator: Operator<{ readonly low: number }> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('clampMin', {
    numbers: { low: 0 },
    forward: 'keepNan(max(x, low), x)',
    gradient: 'select(0.0, g, x >= low)',
  }),
);

export const clampMaxOperator: Operator<{ readonly high: number }> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('clampMax', {
    numbers: { high: 1 },
    forward: 'keepNan(min(x, high), x)',
    gradient: 'select(0.0, g, x <= high)',
  }),
);

/**
 * min(max(x, min), max); the gradient passes where x lies between, the limits included. @throws InfnetError
 * `OPTION_...`.
 */
export function clamp(x: TensorLike, options: ClampOptions): Tensor {
  checkOptions('clamp', options, { 'min?': 'number', 'max?': 'number' });
  const { min: low, max: high } = options;
  if (low !== undefined && high !== undefined) return applyOne(clampOperator, [x], { low, high });
  if (low !== undefined) return applyOne(clampMinOperator, [x], { low });
  if (high !== undefined) return applyOne(clampMaxOperator, [x], { high });
  return shapeError('SHAPE_ATTRIBUTE', 'clamp', 'there is neither min nor max', 'Give one of them, or both.');
}

export const absOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('abs', {
    forward: 'abs(x)',
    gradient: 'select(select(0.0, -g, x < 0.0), g, x > 0.0)',
  }),
);

/** |x|; its gradient at 0 is 0. */
export function abs(x: TensorLike): Tensor {
  return applyOne(absOperator, [x], {});
}

export const preluOperator: Operator<None> = /* @__PURE__ */ standardOperator(
  /* @__PURE__ */ elementwiseOperator('prelu', {
    inputs: ['x', 'slope'],
    forward: 'select(slope * x, x, x > 0.0)',
    gradient: { x: 'select(slope * g, g, x > 0.0)', slope: 'select(g * x, 0.0, x > 0.0)' },
  }),
);

/**
 * x where x > 0, else slope x.
 *
 * @param x [n, c, ...]
 * @param slope [1] or [c]
 * @throws InfnetError `SHAPE_MISMATCH`.
 */
export function prelu(x: TensorLike, slope: TensorLike): Tensor {
  const channels = x.shape[1] ?? 1;
  const [size = 1] = slope.shape;
  if (slope.shape.length > 1 || (size !== 1 && size !== channels)) {
    shapeError('SHAPE_MISMATCH', 'prelu', `the slope has the shape [${slope.shape}]; [1] or [${channels}] is needed`);
  }
  const shape = size === 1 ? [1] : [size, ...x.shape.slice(2).map(() => 1)];
  return applyOne(preluOperator, [x, slope instanceof Tensor || shape.length > 1 ? reshape(slope, shape) : slope], {});
}

/** x where x > 0, else weight x; `state_dict` names `weight` [parameters]. */
export class PReLU extends Module {
  readonly weight: Parameter;

  /**
   * @param parameters 1, or the number of channels
   * @param value of each at first
   * @throws InfnetError `SHAPE_ATTRIBUTE`.
   */
  constructor(parameters = 1, value = 0.25) {
    super();
    requireInteger(parameters, 1, 'the number of parameters', 'PReLU');
    this.weight = new Parameter([parameters], { init: { kind: 'constant', value } });
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}
