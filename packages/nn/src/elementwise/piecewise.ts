/** Activations of straight pieces and parabolas: relu6, hardsigmoid, hardswish, clamp, abs. */
import {
  applyOne,
  checkOptions,
  Module,
  type Operator,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
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
