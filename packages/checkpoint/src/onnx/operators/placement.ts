/** Operators that only move values, and the reductions. */
import type { OnnxTranslation } from '../emitter.js';
import { int, string } from '../model.js';

const narrow: OnnxTranslation = (emit) => {
  const { axis, start, length } = emit.node.attributes as Readonly<Record<'axis' | 'start' | 'length', number>>;
  const range = [[start], [start + length], [axis]].map((values) => emit.ints(values));
  return [emit.one('Slice', [emit.input(0), ...range])];
};

const split: OnnxTranslation = (emit) => {
  const { axis, sizes } = emit.node.attributes as { readonly axis: number; readonly sizes: readonly number[] };
  return emit.nodes('Split', [emit.input(0), emit.ints(sizes)], { axis: int(axis) }, sizes.length);
};

const pad2d: OnnxTranslation = (emit) => {
  const { top, bottom, left, right } = emit.node.attributes as Readonly<
    Record<'top' | 'bottom' | 'left' | 'right', number>
  >;
  const pads = emit.ints([0, 0, top, left, 0, 0, bottom, right]);
  return [emit.one('Pad', [emit.input(0), pads], { mode: string('constant') })];
};

/** A first size that stays is written as 0, "as it was", so that an open batch size stays open. */
const reshape: OnnxTranslation = (emit) => {
  const [first, ...rest] = emit.node.attributes['shape'] as readonly number[];
  if (first === undefined) return [emit.one('Reshape', [emit.input(0), emit.ints([])])];
  const kept = first === emit.shape(0)[0];
  return [emit.one('Reshape', [emit.input(0), emit.ints([kept ? 0 : first, ...rest])])];
};

/** Zeros before and behind along one dimension. */
const placeInZeros: OnnxTranslation = (emit) => {
  const { axis, start, total } = emit.node.attributes as Readonly<Record<'axis' | 'start' | 'total', number>>;
  const shape = emit.shape(0);
  const before = shape.map((_, d) => (d === axis ? start : 0));
  const behind = shape.map((size, d) => (d === axis ? total - start - size : 0));
  return [emit.one('Pad', [emit.input(0), emit.ints([...before, ...behind])], { mode: string('constant') })];
};

/** The dimensions that a tensor of shape `from` is summed over to get `to`, and the missing ones in front. */
const sumTo: OnnxTranslation = (emit) => {
  const { shape: to, scale } = emit.node.attributes as { readonly shape: readonly number[]; readonly scale: number };
  const from = emit.shape(0);
  const missing = from.length - to.length;
  const axes = from.flatMap((size, d) => (d >= missing && to[d - missing] !== size ? [d] : []));
  let value = emit.input(0);
  if (axes.length > 0) value = emit.one('ReduceSum', [value, emit.ints(axes)], { keepdims: int(1) });
  const front = Array.from({ length: missing }, (_, d) => d);
  if (missing > 0) value = emit.one('ReduceSum', [value, emit.ints(front)], { keepdims: int(0) });
  return [scale === 1 ? value : emit.one('Mul', [value, emit.scalar(scale)])];
};

/** Repeated to a larger shape; a size of 1 there leaves a size as it is, so that an open batch size stays open. */
const broadcastTo: OnnxTranslation = (emit) => {
  const { shape: to, scale } = emit.node.attributes as { readonly shape: readonly number[]; readonly scale: number };
  const from = emit.shape(0);
  const missing = to.length - from.length;
  const sizes = to.map((size, d) => (d >= missing && from[d - missing] === size ? 1 : size));
  const value = emit.one('Expand', [emit.input(0), emit.ints(sizes)]);
  return [scale === 1 ? value : emit.one('Mul', [value, emit.scalar(scale)])];
};

const reduce =
  (type: string): OnnxTranslation =>
  (emit) => {
    const { axes, keepDims } = emit.node.attributes as {
      readonly axes: readonly number[];
      readonly keepDims: boolean;
    };
    // Without axes ONNX would reduce all of them.
    if (axes.length === 0) return [emit.input(0)];
    return [emit.one(type, [emit.input(0), emit.ints(axes)], { keepdims: int(Number(keepDims)) })];
  };

/** The place of the largest or smallest value; ONNX counts in int64, and seeks along one dimension. */
const arg =
  (type: string): OnnxTranslation =>
  (emit) => {
    const { axis, keepDims } = emit.node.attributes as { readonly axis?: number; readonly keepDims: boolean };
    const [x, along] =
      axis === undefined ? [emit.one('Reshape', [emit.input(0), emit.ints([-1])]), 0] : [emit.input(0), axis];
    const keeps = axis !== undefined && keepDims;
    const found = emit.one(type, [x], { axis: int(along), keepdims: int(Number(keeps)) });
    const shaped =
      axis === undefined && keepDims ? emit.one('Reshape', [found, emit.ints(emit.shape(0).map(() => 1))]) : found;
    return [emit.one('Cast', [shaped], { to: int(UINT32) })];
  };

/** ONNX's number of the element type. */
const UINT32 = 12;

/** The mean, the squares of what differs from it, and their sum. */
const variance: OnnxTranslation = (emit) => {
  const { axes, keepDims, correction } = emit.node.attributes as {
    readonly axes: readonly number[];
    readonly keepDims: boolean;
    readonly correction: number;
  };
  const x = emit.input(0);
  const count = axes.reduce((product, axis) => product * (emit.shape(0)[axis] as number), 1);
  if (axes.length === 0) return [emit.one('Sub', [x, x])];
  const mean = emit.one('ReduceMean', [x, emit.ints(axes)], { keepdims: int(1) });
  const differs = emit.one('Sub', [x, mean]);
  const squares = emit.one('ReduceSumSquare', [differs, emit.ints(axes)], { keepdims: int(Number(keepDims)) });
  return [emit.one('Mul', [squares, emit.scalar(1 / (count - correction))]), mean];
};

export const PLACEMENT: Readonly<Record<string, OnnxTranslation>> = {
  concat: (emit) => [
    emit.one(
      'Concat',
      emit.node.inputs.map((_, i) => emit.input(i)),
      { axis: int(emit.node.attributes['axis'] as number) },
    ),
  ],
  // Weights of several convolutions as the weight of one.
  stack: (emit) => [
    emit.one(
      'Concat',
      emit.node.inputs.map((_, i) => emit.input(i)),
      { axis: int(0) },
    ),
  ],
  narrow,
  split,
  pad2d,
  reshape,
  placeInZeros,
  sumTo,
  broadcastTo,
  reduceSum: reduce('ReduceSum'),
  reduceMean: reduce('ReduceMean'),
  reduceMax: reduce('ReduceMax'),
  reduceMin: reduce('ReduceMin'),
  variance,
  argmax: arg('ArgMax'),
  argmin: arg('ArgMin'),
};
