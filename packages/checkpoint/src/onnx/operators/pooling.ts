/**
 * Pooling. What ceil mode and `count_include_pad` mean together has changed between versions of ONNX and differs
 * between its runtimes, so neither is relied on: the window that hangs over the end becomes padding at the end that
 * never counts, and padding that counts becomes zeros of a `Pad` node where both are there. onnxruntime takes less
 * padding than the window has samples, however far apart they are: more of it becomes a `Pad` node too.
 */
import type { OnnxEmitter, OnnxTranslation } from '../emitter.js';
import { int, ints, type OnnxAttributes, string } from '../model.js';

interface PoolAttributes {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly countIncludePad?: boolean;
}

/** How far the last window hangs over the padded map, per dimension; what ceil mode is about. */
function overhang(emit: OnnxEmitter): readonly [number, number] {
  const { kernel, stride, padding, dilation } = emit.node.attributes as unknown as PoolAttributes;
  const output = emit.node.outputs[0]?.shape.slice(2) as readonly number[];
  const along = (d: 0 | 1): number => {
    const end = ((output[d] as number) - 1) * stride[d] + dilation[d] * (kernel[d] - 1) + 1;
    return Math.max(0, end - ((emit.shape(0)[d + 2] as number) + 2 * padding[d]));
  };
  return [along(0), along(1)];
}

/** The attributes, with padding [top, left] and, at the ends, more by `extra`. */
function window(emit: OnnxEmitter, [top, left]: readonly number[], extra: readonly [number, number]): OnnxAttributes {
  const { kernel, stride } = emit.node.attributes as unknown as PoolAttributes;
  const pads = [top as number, left as number, (top as number) + extra[0], (left as number) + extra[1]];
  return { kernel_shape: ints(kernel), strides: ints(stride), pads: ints(pads) };
}

/** Padding never is the maximum, so more of it at the ends changes nothing. */
const maxPool2d: OnnxTranslation = (emit) => {
  const { kernel, padding, dilation } = emit.node.attributes as unknown as PoolAttributes;
  const extra = overhang(emit);
  const dilations = ints(dilation);
  if (kernel.every((size, d) => (padding[d] as number) + (extra[d] as number) < size)) {
    return [emit.one('MaxPool', [emit.input(0)], { ...window(emit, padding, extra), dilations })];
  }
  const [v, h] = padding;
  const pads = emit.ints([0, 0, v, h, 0, 0, v + extra[0], h + extra[1]]);
  const lowest = emit.scalar(Number.NEGATIVE_INFINITY);
  const padded = emit.one('Pad', [emit.input(0), pads, lowest], { mode: string('constant') });
  return [emit.one('MaxPool', [padded], { ...window(emit, [0, 0], [0, 0]), dilations })];
};

const avgPool2d: OnnxTranslation = (emit) => {
  const { padding, dilation, countIncludePad } = emit.node.attributes as unknown as PoolAttributes;
  if (dilation.some((step) => step !== 1)) throw emit.cannot('its window is dilated', 'Use dilation 1.');
  const extra = overhang(emit);
  const padded = padding.some((size) => size > 0);
  const hangs = extra.some((size) => size > 0);
  if (countIncludePad && padded && hangs) {
    const [v, h] = padding;
    const zeros = emit.one('Pad', [emit.input(0), emit.ints([0, 0, v, h, 0, 0, v, h])], { mode: string('constant') });
    return [emit.one('AveragePool', [zeros], { ...window(emit, [0, 0], extra), count_include_pad: int(0) })];
  }
  const count = countIncludePad && padded ? 1 : 0;
  return [emit.one('AveragePool', [emit.input(0)], { ...window(emit, padding, extra), count_include_pad: int(count) })];
};

export const POOLING: Readonly<Record<string, OnnxTranslation>> = { maxPool2d, avgPool2d };
