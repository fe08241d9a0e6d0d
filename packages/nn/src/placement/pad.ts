/** pad2d: zeros around each map, or, with negative figures, fewer rows and columns. */
import {
  applyOne,
  checkNames,
  checkOptions,
  type Dispatch,
  defineOperator,
  dispatch,
  elementCount,
  formatShape,
  type ImageShape,
  imageShape,
  Module,
  type Operator,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
  type View,
} from '@infnet/core';
import {
  batchSize,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  sizedCall,
  wholeRange,
} from '@infnet/core/kernels';
import source from './pad.wgsl';

export const padKernel: Kernel = { name: 'nn/pad', source };

const TILE = 4;

/** Rows and columns to add on each side; negative figures cut off. */
export type PadAttributes = {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
};

/** The planes of one side of `nn/pad`. */
interface Planes extends OperandRange {
  readonly rows: number;
  readonly columns: number;
  readonly planeStride: number;
  readonly rowStride: number;
}

function planesCall(batch: number, planes: number, x: Planes, y: Planes, top: number, left: number): KernelCall {
  const blocks = Math.ceil(planes / TILE);
  return lineCall(padKernel, {
    constants: { TILE },
    params: {
      xOffset: x.offset,
      xBatchStride: x.batchStride,
      xPlaneStride: x.planeStride,
      xRowStride: x.rowStride,
      yOffset: y.offset,
      yBatchStride: y.batchStride,
      yPlaneStride: y.planeStride,
      yRowStride: y.rowStride,
      planes,
      inputRows: x.rows,
      inputColumns: x.columns,
      outputRows: y.rows,
      outputColumns: y.columns,
      top,
      left,
      blocks,
    },
    invocations: batch * blocks * y.rows * y.columns,
    flops: 0,
    values: batch * planes * (x.rows * x.columns + y.rows * y.columns),
  });
}

export interface Pad2dCallOptions extends PadAttributes {
  /** [N, C, H, W]. */
  readonly shape: ImageShape;
  /** Where x and y lie in their buffers. Default: from the first element on. */
  readonly x?: OperandRange;
  readonly y?: OperandRange;
}

/** One dispatch of `nn/pad`; bindings x, y. @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`. */
export function pad2dCall(options: Pad2dCallOptions): KernelCall {
  const sides = { top: 'integer', bottom: 'integer', left: 'integer', right: 'integer' } as const;
  checkOptions('pad2dCall', options, { shape: 'image', ...sides, 'x?': 'range', 'y?': 'range' });
  const { shape, top, left } = options;
  const to = paddedShape(shape, options);
  checkPadding(shape, to, options, 'pad2dCall');
  const { x = wholeRange(shape), y = wholeRange(to) } = options;
  const planes = (size: ImageShape, range: OperandRange): Planes => ({
    offset: range.offset,
    batchStride: range.batchStride,
    rows: size[2],
    columns: size[3],
    planeStride: size[2] * size[3],
    rowStride: size[3],
  });
  const call = planesCall(shape[0], shape[1], planes(shape, x), planes(to, y), top, left);
  return sizedCall('pad2dCall', call, { x: [shape, x], y: [to, y] });
}

/** The dispatch that places x along `axis` of y, from `start` on, among zeros. */
export function lowerPlaceInZeros(x: View, y: View, axis: number, start: number): Dispatch {
  const side = (view: View): Planes => {
    const { shape } = view.type;
    const rows = shape[axis] as number;
    const columns = elementCount(shape.slice(axis + 1));
    const rowStride = axis === 0 ? view.batchStride : columns;
    return {
      offset: view.offset,
      batchStride: view.batchStride,
      rows,
      columns,
      planeStride: rows * columns,
      rowStride,
    };
  };
  const { shape } = x.type;
  const [batch, planes] = axis === 0 ? [1, 1] : [batchSize(shape), elementCount(shape.slice(1, axis))];
  return dispatch(planesCall(batch, planes, side(x), side(y), start, 0), { x, y });
}

function checkPadding(shape: ImageShape, to: ImageShape, attributes: PadAttributes, where: string): void {
  const { top, bottom, left, right } = attributes;
  const figures = [top, bottom, left, right];
  if (figures.every(Number.isInteger) && to[2] >= 1 && to[3] >= 1) return;
  shapeError('SHAPE_ATTRIBUTE', where, `padding ${figures.join(', ')} of ${formatShape(shape)} leaves nothing`);
}

function paddedShape([n, c, h, w]: ImageShape, { top, bottom, left, right }: PadAttributes): ImageShape {
  return [n, c, h + top + bottom, w + left + right];
}

export const pad2dOperator: Operator<PadAttributes> = standardOperator(
  defineOperator({
    name: 'pad2d',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, attributes, where) {
      const shape = imageShape(x, 'the input', where);
      const to = paddedShape(shape, attributes);
      checkPadding(shape, to, attributes, where);
      return { y: { shape: to, dtype: x.dtype } };
    },
    lower({ inputs: { x }, outputs: { y }, attributes }) {
      const shape = imageShape(x.type, 'the input', 'pad2d');
      return [dispatch(pad2dCall({ shape, x, y, ...attributes }), { x, y })];
    },
    gradient: ({ outputGradients: { y: g }, attributes: { top, bottom, left, right } }) => ({
      x: applyOne(pad2dOperator, [g], { top: -top, bottom: -bottom, left: -left, right: -right }),
    }),
  }),
);

const SIDES = ['top', 'bottom', 'left', 'right'];

/**
 * Zeros around each map of [N, C, H, W]; negative figures cut rows or columns off. `padding` is one figure for all
 * sides, or figures by side (default 0). @throws InfnetError `SHAPE_RANK`, `SHAPE_ATTRIBUTE`.
 */
export function pad2d(x: TensorLike, padding: number | Partial<PadAttributes>): Tensor {
  if (typeof padding !== 'number') checkNames('pad2d', padding, SIDES);
  const all = typeof padding === 'number' ? padding : 0;
  const sides = { top: all, bottom: all, left: all, right: all };
  return applyOne(pad2dOperator, [x], typeof padding === 'number' ? sides : { ...sides, ...padding });
}

/** Zeros around each map. */
export class ZeroPad2d extends Module {
  readonly padding: number | Partial<PadAttributes>;

  constructor(padding: number | Partial<PadAttributes>) {
    super();
    if (typeof padding !== 'number') checkNames('ZeroPad2d', padding, SIDES);
    this.padding = padding;
  }

  override forward(x: Tensor): Tensor {
    return pad2d(x, this.padding);
  }
}
