/** Sizes as callers give them: what a kernel call is described with must be there. */
import { InfnetError } from '@infnet/errors';
import { formatShape, type Shape } from './types.js';

/** @throws InfnetError `SHAPE_INVALID` unless every size of every shape is a positive integer. */
export function requireSizes(where: string, ...shapes: readonly Shape[]): void {
  for (const shape of shapes) {
    if (Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size > 0)) continue;
    throw new InfnetError({
      code: 'SHAPE_INVALID',
      message: `the shape ${Array.isArray(shape) ? formatShape(shape) : String(shape)}: every size must be a positive integer`,
      where,
    });
  }
}
