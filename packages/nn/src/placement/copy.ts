/** Moves values from one view to another: the work of joins, ranges and reshapes that could not be made free. */
import { checkOptions, type Dispatch, dispatch, elementCount, type LowerContext, type View } from '@infnet/core';
import {
  batchSize,
  itemSize,
  type Kernel,
  type KernelCall,
  lineCall,
  sizedCall,
  vectorWidth,
} from '@infnet/core/kernels';
import source from './copy.wgsl';

export const copyKernel: Kernel = { name: 'nn/copy', source };

const TILE = 4;

/** Where the rows of one side start, in elements. */
export interface RowPlaces {
  readonly offset: number;
  readonly batchStride: number;
  readonly rowStride: number;
}

export interface CopyCallOptions {
  readonly batch: number;
  readonly rows: number;
  /** Elements of one row. */
  readonly length: number;
  readonly x: RowPlaces;
  readonly y: RowPlaces;
  /** x and y are parts of one buffer, bound as y. They must not overlap. */
  readonly inPlace?: boolean;
}

const PLACES = { offset: 'count', batchStride: 'count', rowStride: 'count' } as const;

/** One dispatch of `nn/copy`; bindings y and, unless in place, x. @throws InfnetError `OPTION_...`, `KERNEL_RANGE`. */
export function copyCall(options: CopyCallOptions): KernelCall {
  const sizes = { batch: 'size', rows: 'size', length: 'size' } as const;
  checkOptions('copyCall', options, { ...sizes, x: PLACES, y: PLACES, 'inPlace?': 'flag' });
  const { batch, rows, length, x, y, inPlace = false } = options;
  const strides = [x, y].flatMap(({ offset, batchStride, rowStride }) => [
    offset,
    batch > 1 ? batchStride : 0,
    rows > 1 ? rowStride : 0,
  ]);
  const vector = vectorWidth(length, ...strides);
  const span = Math.ceil(length / vector / TILE);
  const call = lineCall(copyKernel, {
    constants: { VECTOR: vector, TILE, IN_PLACE: Number(inPlace) },
    params: {
      xOffset: x.offset,
      xBatchStride: x.batchStride,
      xRowStride: x.rowStride,
      yOffset: y.offset,
      yBatchStride: y.batchStride,
      yRowStride: y.rowStride,
      rows,
      length,
      span,
    },
    invocations: batch * rows * span,
    flops: 0,
    values: 2 * batch * rows * length,
  });
  // A row, and the rows of an item, are the items of a batch to what is checked here.
  const shape = [batch, rows > 1 ? (rows - 1) * y.rowStride + length : length];
  if (rows > 1) sizedCall('copyCall', call, { x: 0, y: [[rows, length], { offset: 0, batchStride: y.rowStride }] });
  const [ofX, ofY] = [x, y].map(
    ({ offset, batchStride, rowStride }) =>
      offset + (batch - 1) * batchStride + (rows > 1 ? (rows - 1) * rowStride : 0) + length,
  ) as [number, number];
  sizedCall('copyCall', call, { x: 0, y: [shape, y] });
  return sizedCall('copyCall', call, { x: ofX, y: inPlace ? Math.max(ofX, ofY) : ofY });
}

/**
 * Copies a block of `size` indices along an axis from `x` (starting at `from`) to `y` (starting at `to`). Both have the
 * same sizes in all other dimensions. No dispatch when both are the same memory.
 */
export function copyAlongAxis(x: View, y: View, axis: number, size: number, from: number, to: number): Dispatch[] {
  const { shape } = x.type;
  const inner = elementCount(shape.slice(axis + 1));
  const place = (view: View, start: number): RowPlaces => {
    if (axis === 0)
      return { offset: view.offset + start * view.batchStride, batchStride: view.batchStride, rowStride: 0 };
    const rowStride = (view.type.shape[axis] as number) * inner;
    return { offset: view.offset + start * inner, batchStride: view.batchStride, rowStride };
  };
  const whole = axis === 0 ? { batch: size, rows: 1, length: inner } : undefined;
  const rows = whole ?? {
    batch: batchSize(shape),
    rows: elementCount(shape.slice(1, axis)),
    length: size * inner,
  };
  return copyRows(x, y, { ...rows, x: place(x, from), y: place(y, to) });
}

/**
 * Copies all values of x, in their order, to y, which may have another shape. No dispatch when both are the same
 * memory.
 */
export function copyReshaped(x: View, y: View, context: Pick<LowerContext, 'scratch'>): readonly Dispatch[] {
  const [from, to] = [itemSize(x.type.shape), itemSize(y.type.shape)];
  const isContiguous = (view: View): boolean =>
    batchSize(view.type.shape) === 1 || view.batchStride === itemSize(view.type.shape);
  const lead = isContiguous(x) ? y : x;
  if (from !== to && !isContiguous(x) && !isContiguous(y)) {
    const middle: View = { ...context.scratch(elementCount(x.type.shape), 'reshape'), batchStride: from, type: x.type };
    return [...copyReshaped(x, middle, context), ...copyReshaped(middle, y, context)];
  }
  const length = itemSize(lead.type.shape);
  const place = (view: View): RowPlaces => ({
    offset: view.offset,
    batchStride: isContiguous(view) ? length : view.batchStride,
    rowStride: 0,
  });
  return copyRows(x, y, { batch: batchSize(lead.type.shape), rows: 1, length, x: place(x), y: place(y) });
}

/** One copy of rows between two views. No dispatch when they lie there already. */
export function copyRows(x: View, y: View, options: Omit<CopyCallOptions, 'inPlace'>): Dispatch[] {
  const inPlace = x.storage === y.storage;
  const same = (p: number, q: number, repeats: number): boolean => p === q || repeats === 1;
  const isThere =
    inPlace &&
    options.x.offset === options.y.offset &&
    same(options.x.batchStride, options.y.batchStride, options.batch) &&
    same(options.x.rowStride, options.y.rowStride, options.rows);
  if (isThere) return [];
  return [dispatch(copyCall({ ...options, inPlace }), inPlace ? { y } : { x, y })];
}
