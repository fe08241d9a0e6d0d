/**
 * How each operator of a trace is computed by tfjs. Maps are NHWC, the layout for which tfjs has kernels; convolution
 * weights are [kh, kw, c, oc]. Where tfjs lacks something, this says so and nothing is computed in its place.
 */
import { type GraphNode, InfnetError } from '@infnet/core';
import type { Tf, TfPadding, TfTensor } from './api.js';

/** Results of a node from its inputs. */
export type TfOperator = (tf: Tf, inputs: readonly TfTensor[], node: GraphNode) => readonly TfTensor[];

type Sizes = readonly [number, number];

/** Dimensions of [n, c, h, w] among those of [n, h, w, c]. */
const NHWC = [0, 3, 1, 2] as const;
const axisOf = (axis: number, rank: number): number => (rank === 4 ? (NHWC[axis] as number) : axis);

const unary =
  (name: 'relu' | 'sigmoid'): TfOperator =>
  (tf, [x]) => [tf[name](x as TfTensor)];

const binary =
  (name: 'add' | 'sub' | 'mul' | 'div'): TfOperator =>
  (tf, [a, b]) => [tf[name](a as TfTensor, b as TfTensor)];

const scalar =
  (name: 'add' | 'mul'): TfOperator =>
  (tf, [x], { attributes }) => [tf[name](x as TfTensor, tf.scalar(attributes['value'] as number))];

const reduce =
  (name: 'mean' | 'sum'): TfOperator =>
  (tf, [x], { attributes, inputs }) => {
    const { axes, keepDims } = attributes as { readonly axes: readonly number[]; readonly keepDims: boolean };
    const rank = inputs[0]?.shape.length as number;
    if (rank === 4 && axes.length < 4 && !keepDims && !axes.every((axis) => axis > 1))
      throw cannot(`${name} over [${axes}] without the others`);
    return [
      tf[name](
        x as TfTensor,
        axes.map((axis) => axisOf(axis, rank)),
        keepDims,
      ),
    ];
  };

/** Padding of height and width; equal ones and none as tfjs likes them best. */
function padding(top: number, left: number, bottom: number, right: number): TfPadding {
  if (top === 0 && left === 0 && bottom === 0 && right === 0) return 'valid';
  if (top === left && top === bottom && top === right) return top;
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

const conv2d: TfOperator = (tf, [x, weight, bias], { attributes }) => {
  const { stride, dilation, groups } = attributes as {
    readonly stride: Sizes;
    readonly dilation: Sizes;
    readonly groups: number;
  };
  if (groups !== 1) throw cannot('convolution in groups');
  const [top, left, bottom, right] = attributes['padding'] as readonly [number, number, number, number];
  const pad = padding(top, left, bottom, right);
  const y = tf.conv2d(x as TfTensor, weight as TfTensor, stride, pad, 'NHWC', dilation);
  return [bias === undefined ? y : tf.add(y, bias)];
};

/** In training also the new running statistics; the last two outputs only our own gradient rule reads. */
const batchNorm2d: TfOperator = (tf, inputs, { attributes, inputs: [map] }) => {
  const [x, weight, bias, runningMean, runningVar] = inputs as [TfTensor, TfTensor, TfTensor, TfTensor, TfTensor];
  const { eps, momentum, training } = attributes as {
    readonly eps: number;
    readonly momentum: number;
    readonly training: boolean;
  };
  if (!training) return [tf.batchNorm(x, runningMean, runningVar, bias, weight, eps)];
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const [n = 1, , h = 1, w = 1] = map?.shape ?? [];
  const count = n * h * w;
  const moved = (old: TfTensor, now: TfTensor, scale: number): TfTensor =>
    tf.add(tf.mul(old, tf.scalar(1 - momentum)), tf.mul(now, tf.scalar(momentum * scale)));
  const y = tf.batchNorm(x, mean, variance, bias, weight, eps);
  return [y, moved(runningMean, mean, 1), moved(runningVar, variance, count / (count - 1))];
};

/** Rows and columns by which the last window hangs over the padded map: what ceil mode is about. */
function overhang({ attributes, inputs, outputs }: GraphNode): Sizes {
  const { kernel, stride, padding: pads } = attributes as Readonly<Record<'kernel' | 'stride' | 'padding', Sizes>>;
  const along = (d: 0 | 1): number => {
    const [from, to] = [inputs[0]?.shape[d + 2] as number, outputs[0]?.shape[d + 2] as number];
    return Math.max(0, (to - 1) * stride[d] + kernel[d] - from - 2 * pads[d]);
  };
  return [along(0), along(1)];
}

function assertNotDilated({ attributes }: GraphNode): void {
  if ((attributes['dilation'] as Sizes).some((step) => step !== 1)) throw cannot('a dilated window');
}

const maxPool2d: TfOperator = (tf, [x], node) => {
  const { kernel, stride, padding: pads } = node.attributes as Readonly<Record<'kernel' | 'stride' | 'padding', Sizes>>;
  assertNotDilated(node);
  const [v, h] = overhang(node);
  return [tf.maxPool(x as TfTensor, kernel, stride, padding(pads[0], pads[1], pads[0] + v, pads[1] + h))];
};

/** tfjs never counts padding: where it counts, zeros are put there first. */
const avgPool2d: TfOperator = (tf, [x], node) => {
  const { kernel, stride, padding: pads } = node.attributes as Readonly<Record<'kernel' | 'stride' | 'padding', Sizes>>;
  assertNotDilated(node);
  const [v, h] = overhang(node);
  const [top, left] = pads;
  if (node.attributes['countIncludePad'] && top + left > 0) {
    const zeros = tf.pad(x as TfTensor, [
      [0, 0],
      [top, top],
      [left, left],
      [0, 0],
    ]);
    return [tf.avgPool(zeros, kernel, stride, padding(0, 0, v, h))];
  }
  return [tf.avgPool(x as TfTensor, kernel, stride, padding(top, left, top + v, left + h))];
};

function resize(tf: Tf, x: TfTensor, size: Sizes, alignCorners: boolean): TfTensor {
  return tf.image.resizeBilinear(x, size, alignCorners, !alignCorners);
}

const interpolate: TfOperator = (tf, [x], { attributes }) => {
  const { size, alignCorners } = attributes as { readonly size: Sizes; readonly alignCorners: boolean };
  return [resize(tf, x as TfTensor, size, alignCorners)];
};

/** A map at the size of the node's first input. */
function toSizeOfFirst(tf: Tf, x: TfTensor, { inputs }: GraphNode): TfTensor {
  const [, , height, width] = inputs[0]?.shape ?? [];
  const same = x.shape[1] === height && x.shape[2] === width;
  return same ? x : resize(tf, x, [height as number, width as number], false);
}

const narrow: TfOperator = (tf, [x], { attributes, inputs }) => {
  const { axis, start, length } = attributes as Readonly<Record<'axis' | 'start' | 'length', number>>;
  const { shape } = x as TfTensor;
  const at = axisOf(axis, inputs[0]?.shape.length as number);
  return [
    tf.slice(
      x as TfTensor,
      shape.map((_, d) => (d === at ? start : 0)),
      shape.map((size, d) => (d === at ? length : size)),
    ),
  ];
};

export const TF_OPERATORS: Readonly<Record<string, TfOperator>> = {
  relu: unary('relu'),
  sigmoid: unary('sigmoid'),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  addScalar: scalar('add'),
  mulScalar: scalar('mul'),
  reduceMean: reduce('mean'),
  reduceSum: reduce('sum'),
  conv2d,
  batchNorm2d,
  maxPool2d,
  avgPool2d,
  interpolate,
  narrow,
  product: (tf, [first, ...rest]) => [rest.reduce((y, x) => tf.mul(y, x), first as TfTensor)],
  splitStep: (tf, [part, previous, last]) => [tf.add(part as TfTensor, previous as TfTensor), last as TfTensor],
  addResized: (tf, [x, coarse], node) => [tf.add(x as TfTensor, toSizeOfFirst(tf, coarse as TfTensor, node))],
  reverseAttention: (tf, [x, logits], node) => {
    const weight = tf.sub(tf.scalar(1), tf.sigmoid(toSizeOfFirst(tf, logits as TfTensor, node)));
    return [tf.mul(x as TfTensor, weight)];
  },
  concat: (tf, inputs, { attributes, outputs }) => [
    tf.concat(inputs, axisOf(attributes['axis'] as number, outputs[0]?.shape.length as number)),
  ],
  split: (tf, [x], { attributes, inputs }) =>
    tf.split(
      x as TfTensor,
      attributes['sizes'] as readonly number[],
      axisOf(attributes['axis'] as number, inputs[0]?.shape.length as number),
    ),
  // Convolution weights side by side: output channels are their last dimension here.
  stack: (tf, inputs) => [tf.concat(inputs, (inputs[0]?.shape.length as number) - 1)],
  pad2d: (tf, [x], { attributes }) => {
    const { top, bottom, left, right } = attributes as Readonly<Record<'top' | 'bottom' | 'left' | 'right', number>>;
    return [
      tf.pad(x as TfTensor, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]),
    ];
  },
};

function cannot(what: string): InfnetError {
  return new InfnetError({ code: 'BENCH_TFJS', message: `the translation to tfjs has no ${what}` });
}
