/** The dispatch that permutations, flips, slices with steps, rolls and repeats share, and what they ask of shapes. */
import {
  type Dispatch,
  dispatch,
  elementCount,
  formatShape,
  requireInteger,
  type Shape,
  shapeError,
  type TensorType,
  type View,
} from '@infnet/core';
import { type Kernel, lineCall, ownStrides } from '@infnet/core/kernels';
import source from './rearrange.wgsl';

export const rearrangeKernel: Kernel = { name: 'nn/rearrange', source };

const MOST_DIMENSIONS = 6;

/** Where the values of one dimension of the result come from; see rearrange.wgsl. */
export interface Source {
  /** Dimension of x. */
  readonly axis: number;
  /** Default 1. */
  readonly mul?: number;
  /** Default 0. */
  readonly add?: number;
  /** Default 1. */
  readonly div?: number;
}

/** What lies outside of x: nothing does; zeros; x again. */
export type Edge = 'none' | 'zeros' | 'wrap';

const EDGES = { none: 0, zeros: 1, wrap: 2 } as const;

type Dimension = Readonly<Record<'size' | 'xStride' | 'yStride' | 'mul' | 'add' | 'div' | 'limit', number>>;

/** One dispatch that makes y of x, dimension by dimension. */
export function lowerRearrange(x: View, y: View, sources: readonly Source[], edge: Edge): Dispatch {
  const [xStrides, yStrides] = [stridesOf(x), stridesOf(y)];
  const all = sources.map(({ axis, mul = 1, add = 0, div = 1 }, d): Dimension => {
    const strides = { xStride: xStrides[axis] as number, yStride: yStrides[d] as number };
    return { size: y.type.shape[d] as number, ...strides, mul, add, div, limit: x.type.shape[axis] as number };
  });
  const dimensions = merged(all);
  const fields = dimensions.flatMap((dimension, k) =>
    Object.entries(dimension).map(([name, value]) => [`${name}${k}`, value] as const),
  );
  const invocations = elementCount(y.type.shape);
  const call = lineCall(rearrangeKernel, {
    constants: { RANK: dimensions.length, EDGE: EDGES[edge] },
    params: { xOffset: x.offset, yOffset: y.offset, ...Object.fromEntries(fields) },
    invocations,
    flops: 0,
    values: 2 * invocations,
  });
  return dispatch(call, { x, y });
}

const stridesOf = (view: View): readonly number[] => ownStrides({ shape: view.type.shape, range: view });

const staysWhole = ({ size, mul, add, div, limit }: Dimension): boolean =>
  mul === 1 && add === 0 && div === 1 && limit === size;

/** Neighbours that lie as one dimension in both tensors become one. */
function merged(dimensions: readonly Dimension[]): Dimension[] {
  const found: Dimension[] = [];
  for (const inner of dimensions) {
    const outer = found.at(-1);
    const fits =
      outer !== undefined &&
      staysWhole(outer) &&
      staysWhole(inner) &&
      (outer.size === 1 ||
        (outer.xStride === inner.size * inner.xStride && outer.yStride === inner.size * inner.yStride));
    if (fits) found[found.length - 1] = { ...inner, size: outer.size * inner.size, limit: outer.size * inner.size };
    else found.push(inner);
  }
  return found;
}

/** @throws InfnetError `SHAPE_RANK` unless there are 1 to 6 dimensions. */
export function requireRank({ shape }: TensorType, where: string): void {
  if (shape.length >= 1 && shape.length <= MOST_DIMENSIONS) return;
  shapeError('SHAPE_RANK', where, `${formatShape(shape)} has not 1 to ${MOST_DIMENSIONS} dimensions`);
}

/** @throws InfnetError `SHAPE_ATTRIBUTE` unless there is one integer, of at least `least`, for each dimension. */
export function requireEach(values: readonly number[], shape: Shape, least: number, what: string, where: string): void {
  if (!Array.isArray(values) || values.length !== shape.length) {
    shapeError('SHAPE_ATTRIBUTE', where, `${what} of ${formatShape(shape)} must be ${shape.length} integers`);
  }
  for (const value of values) requireInteger(value, least, what, where);
}
