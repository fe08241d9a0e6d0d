/** softmax along one dimension: positive values that sum to 1; logSoftmax: their logarithms, which do not underflow. */
import {
  applyOne,
  axisOf,
  checkNames,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  formatShape,
  Module,
  type Operator,
  requireAxis,
  requireType,
  type Shape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import {
  batchSize,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  rangeParams,
  sizedCall,
  wholeRange,
} from '@infnet/core/kernels';
import { inferPair } from '../elementwise/relu.js';
import source from './softmax.wgsl';

export const softmaxKernel: Kernel = { name: 'nn/softmax', source };

export type SoftmaxAttributes = {
  /** The dimension, counted from the front. Default 1, the channels. */
  readonly axis?: number;
};

const CHANNELS = 1;

/** @throws InfnetError `SHAPE_RANK`, `SHAPE_AXIS`. */
function checkAxis({ shape }: TensorType, axis: number | undefined, where: string): void {
  if (axis !== undefined) requireAxis(axis, shape.length, where);
  else if (shape.length < 2) {
    shapeError('SHAPE_RANK', where, `over the channels of ${formatShape(shape)}: [N, C, ...] is needed`);
  }
}

function softmaxOperators(
  name: 'softmax' | 'logSoftmax',
): readonly [forward: Operator<SoftmaxAttributes>, gradient: Operator<SoftmaxAttributes>] {
  const log = name === 'logSoftmax';
  const gradient: Operator<SoftmaxAttributes> = defineOperator({
    name: `${name}Gradient`,
    inputs: ['x', 'g'],
    outputs: ['y'],
    infer({ x, g }, { axis }: SoftmaxAttributes, where) {
      checkAxis(x, axis, where);
      return { y: inferPair(x, g, where) };
    },
    lower: ({ inputs: { x, g }, outputs: { y }, attributes: { axis = CHANNELS } }) => [
      dispatch(softmaxCall({ shape: x.type.shape, axis, log, x, y, g }), { x, g, y }),
    ],
  });
  const forward = standardOperator(
    defineOperator({
      name,
      inputs: ['x'],
      outputs: ['y'],
      infer({ x }, { axis }: SoftmaxAttributes, where) {
        requireType(x, 'f32', 'the input', where);
        checkAxis(x, axis, where);
        return { y: x };
      },
      lower: ({ inputs: { x }, outputs: { y }, attributes: { axis = CHANNELS } }) => [
        dispatch(softmaxCall({ shape: x.type.shape, axis, log, x, y }), { x, y }),
      ],
      gradient: ({ outputs: { y }, outputGradients: { y: g }, attributes }) => ({
        x: applyOne(gradient, [y, g], attributes),
      }),
    }),
  );
  return [forward, gradient];
}

const [softmaxForward, softmaxBackward] = softmaxOperators('softmax');
const [logSoftmaxForward, logSoftmaxBackward] = softmaxOperators('logSoftmax');

export const softmaxOperator: Operator<SoftmaxAttributes> = softmaxForward;
export const logSoftmaxOperator: Operator<SoftmaxAttributes> = logSoftmaxForward;
/** Inputs: softmax's output, its gradient. */
export const softmaxGradientOperator: Operator<SoftmaxAttributes> = softmaxBackward;
/** Inputs: logSoftmax's output, its gradient. */
export const logSoftmaxGradientOperator: Operator<SoftmaxAttributes> = logSoftmaxBackward;

export interface SoftmaxCallOptions {
  /** [N, ...]. */
  readonly shape: Shape;
  /** The dimension, counted from the front. Default 1, the channels. */
  readonly axis?: number;
  /** The logarithm of it. Default false. */
  readonly log?: boolean;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly x?: OperandRange;
  readonly y?: OperandRange;
  /** Present for the gradient: x is then the output, g that output's gradient. */
  readonly g?: OperandRange;
}

/**
 * One dispatch of `nn/softmax`; bindings x, y and, for the gradient, g.
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function softmaxCall(options: SoftmaxCallOptions): KernelCall {
  const where = 'softmaxCall';
  checkOptions(where, options, {
    shape: 'shape',
    'axis?': 'count',
    'log?': 'flag',
    'x?': 'range',
    'y?': 'range',
    'g?': 'range',
  });
  const { shape, axis = CHANNELS, log = false, x = wholeRange(shape), y = wholeRange(shape), g } = options;
  checkAxis({ shape, dtype: 'f32' }, options.axis, where);
  const channels = shape[axis] as number;
  // Lines along the batch are those of one item whose channels lie a batch stride apart.
  const outer = axis === 0 ? 1 : elementCount(shape.slice(1, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const stepOf = ({ batchStride }: OperandRange): number => (axis === 0 ? batchStride : inner);
  const values = elementCount(shape);
  const call = lineCall(softmaxKernel, {
    constants: { GRADIENT: Number(g !== undefined), LOG: Number(log) },
    params: {
      ...rangeParams({ x, g, y }),
      xStep: stepOf(x),
      yStep: stepOf(y),
      ...(g && { gStep: stepOf(g) }),
      channels,
      outer,
      inner,
    },
    invocations: axis === 0 ? inner : batchSize(shape) * outer * inner,
    flops: 8 * values,
    values: (g === undefined ? 2 : 3) * values,
  });
  return sizedCall(where, call, { x: [shape, x], y: [shape, y], ...(g && { g: [shape, g] }) });
}

export interface SoftmaxOptions {
  /** The dimension along which values sum to 1; a negative one counts from the end. Default 1, the channels. */
  readonly axis?: number;
}

function attributesOf(x: TensorLike, options: SoftmaxOptions, where: string): SoftmaxAttributes {
  checkNames(where, options, ['axis']);
  const { axis } = options;
  return axis === undefined ? {} : { axis: axisOf(axis, x.shape.length, where) };
}

/** exp(x) / sum of exp(x) along a dimension, by default the channels of [N, C, ...]. */
export function softmax(x: TensorLike, options: SoftmaxOptions = {}): Tensor {
  return applyOne(softmaxOperator, [x], attributesOf(x, options, 'softmax'));
}

/**
 * x - log(sum of exp(x)) along a dimension, by default the channels of [N, C, ...]: the logarithm of {@link softmax}.
 */
export function logSoftmax(x: TensorLike, options: SoftmaxOptions = {}): Tensor {
  return applyOne(logSoftmaxOperator, [x], attributesOf(x, options, 'logSoftmax'));
}

/** Softmax over channels. */
export class Softmax2d extends Module {
  override forward(x: Tensor): Tensor {
    return softmax(x);
  }
}

/** Softmax along a dimension; a negative one counts from the end. */
export class Softmax extends Module {
  readonly axis: number;

  constructor(axis: number) {
    super();
    this.axis = axis;
  }

  override forward(x: Tensor): Tensor {
    return softmax(x, { axis: this.axis });
  }
}

/** logSoftmax along a dimension; a negative one counts from the end. */
export class LogSoftmax extends Module {
  readonly axis: number;

  constructor(axis: number) {
    super();
    this.axis = axis;
  }

  override forward(x: Tensor): Tensor {
    return logSoftmax(x, { axis: this.axis });
  }
}
