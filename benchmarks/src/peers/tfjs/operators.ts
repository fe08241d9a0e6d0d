/**
 * How each operator of a trace is computed by tfjs. Maps are NHWC, the layout for which tfjs has kernels; convolution
 * weights are [kh, kw, c, oc]. Where tfjs lacks something, this says so and nothing is computed in its place.
 */
import { type GraphNode, InfnetError } from '@infnet/core';
import type { Tf, TfPadding, TfTensor } from './api.js';

type Sizes = readonly [number, number];
type Margins = 'top' | 'left' | 'bottom' | 'right';

/** What operators are configured by; each has some of it. */
interface Configuration extends Readonly<Record<'axis' | 'start' | 'length' | 'value' | 'eps' | 'momentum', number>> {
  readonly axes: readonly number[];
  readonly sizes: readonly number[];
  readonly keepDims: boolean;
  readonly training: boolean;
  readonly groups: number;
  readonly size: Sizes;
  readonly kernel: Sizes;
  readonly stride: Sizes;
  readonly dilation: Sizes;
  /** Of a convolution all four sides. */
  readonly padding: readonly [number, number, number, number];
  readonly alignCorners: boolean;
  readonly countIncludePad: boolean;
}

/** A node with its inputs as tensors of tfjs: as many as its operator takes. */
type Operands = readonly [x: TfTensor, second: TfTensor, ...rest: TfTensor[]];

type TfOperator = (
  tf: Tf,
  inputs: Operands,
  attributes: Configuration & Readonly<Record<Margins, number>>,
  node: GraphNode,
) => TfTensor | readonly TfTensor[];

/** Dimensions of [n, c, h, w] among those of [n, h, w, c]. */
const NHWC = [0, 3, 1, 2] as const;
const rankOf = ({ inputs }: GraphNode): number => inputs[0]?.shape.length ?? 0;
const axisOf = (axis: number, node: GraphNode): number => (rankOf(node) === 4 ? (NHWC[axis] as number) : axis);

const reduce =
  (name: 'mean' | 'sum'): TfOperator =>
  (tf, [x], { axes, keepDims }, node) => {
    if (rankOf(node) === 4 && axes.length < 4 && !keepDims && !axes.every((axis) => axis > 1))
      throw cannot(`${name} over [${axes}] without the others`);
    const turned = axes.map((axis) => axisOf(axis, node));
    return tf[name](x, turned, keepDims);
  };

const margins = (top: number, left: number, bottom: number, right: number): readonly Sizes[] =>
  [0, top, left, 0].map((before, i) => [before, [0, bottom, right, 0][i] as number]);

/** Padding of height and width; equal ones and none as tfjs likes them best. */
function padding(...sides: readonly [number, number, number, number]): TfPadding {
  const [first] = sides;
  if (sides.every((side) => side === 0)) return 'valid';
  return sides.every((side) => side === first) ? first : margins(...sides);
}

const conv2d: TfOperator = (tf, [x, weight, bias], { stride, dilation, groups, padding: sides }) => {
  if (groups !== 1) throw cannot('convolution in groups');
  const y = tf.conv2d(x, weight, stride, padding(...sides), 'NHWC', dilation);
  return bias === undefined ? y : tf.add(y, bias);
};

/** In training also the new running statistics; the last two outputs only our own gradient rule reads. */
const batchNorm2d: TfOperator = (tf, inputs, { eps, momentum, training }, { inputs: [map] }) => {
  const [x, weight, bias, runningMean, runningVar] = inputs as readonly [...Operands, TfTensor, TfTensor, TfTensor];
  if (!training) return tf.batchNorm(x, runningMean, runningVar, bias, weight, eps);
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const [n = 1, , h = 1, w = 1] = map?.shape ?? [];
  const count = n * h * w;
  const moved = (old: TfTensor, now: TfTensor, scale: number): TfTensor =>
    tf.add(tf.mul(old, tf.scalar(1 - momentum)), tf.mul(now, tf.scalar(momentum * scale)));
  const y = tf.batchNorm(x, mean, variance, bias, weight, eps);
  return [y, moved(runningMean, mean, 1), moved(runningVar, variance, count / (count - 1))];
};

/** Maximum or mean of windows. tfjs never counts padding: where it counts, zeros are put there first. */
const pool =
  (name: 'maxPool' | 'avgPool'): TfOperator =>
  (tf, [x], { kernel, stride, dilation, padding: [top, left], countIncludePad }, { inputs, outputs }) => {
    if (dilation.some((step) => step !== 1)) throw cannot('a dilated window');
    // What the last window hangs over the padded map: what ceil mode is about.
    const overhang = (d: 0 | 1, pad: number): number => {
      const [from, to] = [inputs[0]?.shape[d + 2] as number, outputs[0].shape[d + 2] as number];
      return Math.max(0, (to - 1) * stride[d] + kernel[d] - from - 2 * pad);
    };
    const [v, h] = [overhang(0, top), overhang(1, left)];
    if (name === 'maxPool' || !countIncludePad || top + left === 0)
      return tf[name](x, kernel, stride, padding(top, left, top + v, left + h));
    return tf[name](tf.pad(x, margins(top, left, top, left)), kernel, stride, padding(0, 0, v, h));
  };

function resize(tf: Tf, x: TfTensor, size: Sizes, alignCorners: boolean): TfTensor {
  return tf.image.resizeBilinear(x, size, alignCorners, !alignCorners);
}

/** A map at the size of the node's first input. */
function toSizeOfFirst(tf: Tf, x: TfTensor, { inputs }: GraphNode): TfTensor {
  const [, , height, width] = inputs[0]?.shape ?? [];
  const same = x.shape[1] === height && x.shape[2] === width;
  return same ? x : resize(tf, x, [height as number, width as number], false);
}

const narrow: TfOperator = (tf, [x], { axis, start, length }, node) => {
  const at = axisOf(axis, node);
  const [begin, size] = [x.shape.map((_, d) => (d === at ? start : 0)), x.shape.with(at, length)];
  return tf.slice(x, begin, size);
};

export const TF_OPERATORS: Readonly<Record<string, TfOperator>> = {
  relu: (tf, [x]) => tf.relu(x),
  sigmoid: (tf, [x]) => tf.sigmoid(x),
  add: (tf, [a, b]) => tf.add(a, b),
  sub: (tf, [a, b]) => tf.sub(a, b),
  mul: (tf, [a, b]) => tf.mul(a, b),
  div: (tf, [a, b]) => tf.div(a, b),
  addScalar: (tf, [x], { value }) => tf.add(x, tf.scalar(value)),
  mulScalar: (tf, [x], { value }) => tf.mul(x, tf.scalar(value)),
  reduceMean: reduce('mean'),
  reduceSum: reduce('sum'),
  conv2d,
  batchNorm2d,
  maxPool2d: pool('maxPool'),
  avgPool2d: pool('avgPool'),
  interpolate: (tf, [x], { size, alignCorners }) => resize(tf, x, size, alignCorners),
  narrow,
  product: (tf, [first, ...rest]) => rest.reduce((y, x) => tf.mul(y, x), first),
  splitStep: (tf, [part, previous, last]) => [tf.add(part, previous), last as TfTensor],
  addResized: (tf, [x, coarse], _, node) => tf.add(x, toSizeOfFirst(tf, coarse, node)),
  reverseAttention: (tf, [x, logits], _, node) =>
    tf.mul(x, tf.sub(tf.scalar(1), tf.sigmoid(toSizeOfFirst(tf, logits, node)))),
  concat: (tf, inputs, { axis }, node) => tf.concat(inputs, axisOf(axis, node)),
  split: (tf, [x], { sizes, axis }, node) => tf.split(x, sizes, axisOf(axis, node)),
  // Convolution weights side by side: output channels are their last dimension here.
  stack: (tf, inputs, _, node) => tf.concat(inputs, rankOf(node) - 1),
  pad2d: (tf, [x], { top, left, bottom, right }) => tf.pad(x, margins(top, left, bottom, right)),
};

/** The results of a node from its inputs. @throws InfnetError `BENCH_TFJS`, or the library's own. */
export function computeNode(tf: Tf, node: GraphNode, inputs: readonly TfTensor[]): readonly TfTensor[] {
  const operator = TF_OPERATORS[node.operator.name];
  if (operator === undefined) throw cannot(node.operator.name, node.scope);
  const found = operator(tf, inputs as Operands, node.attributes as unknown as Parameters<TfOperator>[2], node);
  return Array.isArray(found) ? (found as readonly TfTensor[]) : [found as TfTensor];
}

export function cannot(what: string, where?: string): InfnetError {
  const message = `the translation to tfjs has no ${what}`;
  return new InfnetError({ code: 'BENCH_TFJS', message, ...(where === undefined ? {} : { where }) });
}
