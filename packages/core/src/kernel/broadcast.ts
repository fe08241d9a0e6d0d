/**
 * Broadcasting as NumPy defines it, and how it becomes the loops of a kernel.
 *
 * Shapes are aligned at their last dimension; a size of 1 is repeated. For a kernel every operand gets a stride per
 * dimension of the result, 0 where it is repeated. Two neighbouring dimensions then merge into one when stepping
 * through the inner one as a whole equals one step of the outer one, for every operand: [2, 64, 88, 88] + [1, 64, 1, 1]
 * has the dimensions 2, 64 and 7744 left; two plain tensors of equal shape have one.
 */
import { shapeError } from '../tensor/shape.js';
import { formatShape, type Shape } from '../tensor/types.js';
import type { OperandRange } from './call.js';

/** The shape of an element-wise result. @throws InfnetError `SHAPE_BROADCAST`. */
export function broadcastShape(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  if (rank > 4) shapeError('SHAPE_RANK', where, `element-wise operators take up to 4 dimensions, got ${rank}`);
  return Array.from({ length: rank }, (_, i) => {
    const p = a[i - rank + a.length] ?? 1;
    const q = b[i - rank + b.length] ?? 1;
    if (p !== q && p !== 1 && q !== 1) {
      shapeError(
        'SHAPE_BROADCAST',
        where,
        `the shapes ${formatShape(a)} and ${formatShape(b)} do not fit: sizes ${p} and ${q} differ and neither is 1`,
        'Sizes are compared from the last dimension on; each pair must be equal or contain a 1.',
      );
    }
    return Math.max(p, q);
  });
}

/** A merged dimension: its size and the stride of each operand along it. */
export interface Loop {
  readonly size: number;
  readonly strides: readonly number[];
}

/** One operand of a loop nest. */
export interface LoopOperand {
  readonly shape: Shape;
  readonly range: OperandRange;
  /** Stride of every dimension of `shape`, where it does not follow from shape and range. */
  readonly strides?: readonly number[];
}

/** The stride of every dimension of an operand: contiguous inside a batch item. */
export function ownStrides({ shape, range, strides }: LoopOperand): readonly number[] {
  if (strides !== undefined) return strides;
  return shape.map((_, i) =>
    i === 0 ? range.batchStride : shape.slice(i + 1).reduce((product, size) => product * size, 1),
  );
}

/** The strides of an operand along the dimensions of `shape`; 0 where it is repeated. */
export function broadcastStrides(operand: LoopOperand, shape: Shape): number[] {
  const own = operand.shape;
  const strides = ownStrides(operand);
  const missing = shape.length - own.length;
  return shape.map((_, i) => ((own[i - missing] ?? 1) === 1 ? 0 : (strides[i - missing] as number)));
}

/** Merges dimensions, outermost first. Dimensions of size 1 vanish; at least one loop remains. */
export function mergeLoops(sizes: Shape, strides: readonly (readonly number[])[]): Loop[] {
  const loops: Loop[] = [];
  sizes.forEach((size, i) => {
    if (size === 1) return;
    const inner: Loop = { size, strides: strides.map((all) => all[i] as number) };
    const outer = loops.at(-1);
    if (outer?.strides.every((stride, k) => stride === size * (inner.strides[k] as number))) {
      loops[loops.length - 1] = { size: outer.size * size, strides: inner.strides };
    } else loops.push(inner);
  });
  return loops.length > 0 ? loops : [{ size: 1, strides: strides.map(() => 1) }];
}
