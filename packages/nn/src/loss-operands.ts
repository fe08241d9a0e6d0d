/** What the operands of a loss must be. */
import { formatShape, InfnetError, type Shape, sameShape, type TensorType } from '@infnet/core';

/** Type of every loss. */
export const SCALAR: TensorType = { shape: [], dtype: 'f32' };

const RESIZE = 'Resize the prediction to the size of the target (interpolate).';

/** @throws InfnetError `SHAPE_DTYPE`, `SHAPE_RANK`. */
export function requireMaps(type: TensorType, what: string, where: string): void {
  if (type.dtype === 'f32' && type.shape.length >= 2) return;
  throw new InfnetError({
    code: type.dtype === 'f32' ? 'SHAPE_RANK' : 'SHAPE_DTYPE',
    message: `${what} is ${type.dtype} ${formatShape(type.shape)}; f32 [batch, channels, height, width] is needed`,
    where,
  });
}

/**
 * Maps of one shape, each with what it is called.
 *
 * @throws InfnetError `SHAPE_DTYPE`, `SHAPE_RANK`, `SHAPE_MISMATCH` naming the first and the one that differs.
 */
export function requireAlike(
  where: string,
  operands: readonly (readonly [what: string, type: TensorType])[],
  fix: string = RESIZE,
): void {
  for (const [what, type] of operands) {
    requireMaps(type, what, where);
    const [name, { shape }] = operands[0] ?? [what, type];
    if (sameShape(shape, type.shape)) continue;
    const message = `${name} has the shape ${formatShape(shape)}, ${what} ${formatShape(type.shape)}`;
    throw new InfnetError({ code: 'SHAPE_MISMATCH', message, where, fix });
  }
}

/** The gradient of a loss. @throws InfnetError `SHAPE_MISMATCH` unless it is one f32 number. */
export function requireScalar(g: TensorType, where: string): void {
  if (g.dtype === 'f32' && g.shape.every((size) => size === 1)) return;
  throw new InfnetError({
    code: 'SHAPE_MISMATCH',
    message: `the gradient of the loss is ${g.dtype} ${formatShape(g.shape)}; one f32 number is needed`,
    where,
  });
}

/** What a loss keeps for its gradient. @throws InfnetError `SHAPE_MISMATCH`. */
export function requireKept(kept: TensorType, shape: Shape, where: string): void {
  if (kept.dtype === 'f32' && sameShape(kept.shape, shape)) return;
  throw new InfnetError({
    code: 'SHAPE_MISMATCH',
    message: `what the loss kept is ${kept.dtype} ${formatShape(kept.shape)}; f32 ${formatShape(shape)} is needed`,
    where,
  });
}
