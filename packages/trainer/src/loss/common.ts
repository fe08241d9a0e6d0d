/** What the losses share: where operands lie, and which shapes fit. */
import { formatShape, InfnetError, type Shape, sameShape, type TensorType } from '@infnet/core';
import type { OperandRange } from '@infnet/core/kernels';

export type Ranges<Name extends string> = Partial<Readonly<Record<Name, OperandRange>>>;

/** Type of every loss. */
export const SCALAR: TensorType = { shape: [], dtype: 'f32' };

/** @throws InfnetError `SHAPE_DTYPE`, `SHAPE_RANK`. */
export function requireMaps(type: TensorType, what: string, where: string): void {
  if (type.dtype === 'f32' && type.shape.length >= 2) return;
  throw new InfnetError({
    code: type.dtype === 'f32' ? 'SHAPE_RANK' : 'SHAPE_DTYPE',
    message: `${what} is ${type.dtype} ${formatShape(type.shape)}; f32 [batch, channels, height, width] is needed`,
    where,
  });
}

/** @throws InfnetError `SHAPE_MISMATCH`, naming both. */
export function requireSame(a: TensorType, b: TensorType, names: readonly [string, string], where: string): void {
  if (sameShape(a.shape, b.shape)) return;
  throw new InfnetError({
    code: 'SHAPE_MISMATCH',
    message: `${names[0]} has the shape ${formatShape(a.shape)}, ${names[1]} ${formatShape(b.shape)}`,
    where,
    fix: 'Resize the prediction to the size of the target (interpolate).',
  });
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
