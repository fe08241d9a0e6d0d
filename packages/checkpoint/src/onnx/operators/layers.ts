/** Convolution, norms, softmax. */
import type { OnnxEmitter, OnnxTranslation } from '../emitter.js';
import { float, int, ints } from '../model.js';

interface Convolution {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** @param padding [top, left, bottom, right]: ONNX's order as well; of a transposed one, with its output's padding */
function convolution(emit: OnnxEmitter, type: string, padding: Readonly<Record<string, readonly number[]>>): string[] {
  const { stride, dilation, groups } = emit.node.attributes as unknown as Convolution;
  const inputs = emit.node.inputs.map((_, i) => emit.input(i));
  const attributes = {
    kernel_shape: ints(emit.shape(1).slice(2)),
    strides: ints(stride),
    ...Object.fromEntries(Object.entries(padding).map(([name, sizes]) => [name, ints(sizes)])),
    dilations: ints(dilation),
    group: int(groups),
  };
  return [emit.one(type, inputs, attributes)];
}

const conv2d: OnnxTranslation = (emit) => {
  const { padding } = emit.node.attributes as unknown as Convolution;
  return convolution(emit, 'Conv', { pads: padding });
};

const convTranspose2d: OnnxTranslation = (emit) => {
  const { padding, outputPadding } = emit.node.attributes as unknown as Convolution & {
    readonly outputPadding: readonly number[];
  };
  return convolution(emit, 'ConvTranspose', { pads: [...padding, ...padding], output_padding: outputPadding });
};

/** The last two dimensions changed for each other. */
function transposed(emit: OnnxEmitter, input: number): string {
  const axes = emit.shape(input).map((_, axis) => axis);
  const perm = [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
  return emit.one('Transpose', [emit.input(input)], { perm: ints(perm) });
}

const linear: OnnxTranslation = (emit) => {
  const { attributes, inputs } = emit.node;
  const isStoredByInput = attributes['transposed'] === true;
  if (emit.shape(0).length === 2) {
    const all = inputs.map((_, i) => emit.input(i));
    return [emit.one('Gemm', all, { transB: int(isStoredByInput ? 0 : 1) })];
  }
  const product = emit.one('MatMul', [emit.input(0), isStoredByInput ? emit.input(1) : transposed(emit, 1)]);
  return [inputs.length < 3 ? product : emit.one('Add', [product, emit.input(2)])];
};

const matmul: OnnxTranslation = (emit) => {
  const { transposeA, transposeB } = emit.node.attributes;
  const factors = [transposeA, transposeB].map((isTransposed, i) =>
    isTransposed === true ? transposed(emit, i) : emit.input(i),
  );
  return [emit.one('MatMul', factors)];
};

const batchNorm2d: OnnxTranslation = (emit) => {
  const { eps, training } = emit.node.attributes as { readonly eps: number; readonly training: boolean };
  if (training) {
    throw emit.cannot(
      'in training mode it normalises with the statistics of the batch',
      'Set the net to inference with eval() before it is traced.',
    );
  }
  return [
    emit.one(
      'BatchNormalization',
      [0, 1, 2, 3, 4].map((i) => emit.input(i)),
      { epsilon: float(eps) },
    ),
  ];
};

/** Along the channels where no dimension is said. */
const softmax =
  (type: string): OnnxTranslation =>
  (emit) => {
    const { axis = 1 } = emit.node.attributes as { readonly axis?: number };
    return [emit.one(type, [emit.input(0)], { axis: int(axis) })];
  };

interface Norm {
  readonly over: { readonly groups: number } | { readonly axis: number };
  readonly eps: number;
  readonly weight: boolean;
  readonly bias: boolean;
}

/** The values of weight and bias; undefined for one that is not there. */
function affine(emit: OnnxEmitter): readonly [weight: string | undefined, bias: string | undefined] {
  const { weight, bias } = emit.node.attributes as unknown as Norm;
  return [weight ? emit.input(1) : undefined, bias ? emit.input(weight ? 2 : 1) : undefined];
}

/**
 * `InstanceNormalization` of the channels, or of the groups as channels (`GroupNormalization` is not in opset 18 as
 * PyTorch means it: its scale is of groups).
 */
const groupNorm: OnnxTranslation = (emit) => {
  const { over, eps } = emit.node.attributes as unknown as Norm;
  const { groups } = over as { readonly groups: number };
  const [, channels = 1, ...rest] = emit.shape(0);
  const [weight, bias] = affine(emit);
  const all = (value: number): string => emit.floats(Array<number>(groups).fill(value));
  const instance = (x: string, scale: string, shift: string): string =>
    emit.one('InstanceNormalization', [x, scale, shift], { epsilon: float(eps) });
  if (groups === channels && rest.length > 0) return [instance(emit.input(0), weight ?? all(1), bias ?? all(0))];
  const grouped = emit.one('Reshape', [emit.input(0), emit.ints([0, groups, -1])]);
  let value = emit.one('Reshape', [instance(grouped, all(1), all(0)), emit.ints([0, channels, ...rest])]);
  const perChannel = emit.ints([channels, ...rest.map(() => 1)]);
  if (weight !== undefined) value = emit.one('Mul', [value, emit.one('Reshape', [weight, perChannel])]);
  if (bias !== undefined) value = emit.one('Add', [value, emit.one('Reshape', [bias, perChannel])]);
  return [value];
};

/** `LayerNormalization` needs a scale: ones where there is no weight. */
function layerNormalization(emit: OnnxEmitter, x: string, axis: number, sizes: readonly number[]): string {
  const { eps } = emit.node.attributes as unknown as Norm;
  const [weight, bias] = affine(emit);
  const count = sizes.reduce((product, size) => product * size, 1);
  const ones = (): string => {
    const line = emit.floats(Array<number>(count).fill(1));
    return sizes.length === 1 ? line : emit.one('Reshape', [line, emit.ints(sizes)]);
  };
  const inputs = [x, weight ?? ones(), ...(bias === undefined ? [] : [bias])];
  return emit.one('LayerNormalization', inputs, { axis: int(axis), epsilon: float(eps) });
}

const layerNorm: OnnxTranslation = (emit) => {
  const { axis } = (emit.node.attributes as unknown as Norm).over as { readonly axis: number };
  return [layerNormalization(emit, emit.input(0), axis, emit.shape(0).slice(axis))];
};

/** The channels moved to the end and back. */
const layerNorm2d: OnnxTranslation = (emit) => {
  const [, channels = 1, ...rest] = emit.shape(0);
  const last = rest.length + 1;
  const there = [0, ...rest.map((_, d) => d + 2), 1];
  const back = [0, last, ...rest.map((_, d) => d + 1)];
  const moved = emit.one('Transpose', [emit.input(0)], { perm: ints(there) });
  return [emit.one('Transpose', [layerNormalization(emit, moved, last, [channels])], { perm: ints(back) })];
};

export const LAYERS: Readonly<Record<string, OnnxTranslation>> = {
  conv2d,
  convTranspose2d,
  linear,
  matmul,
  batchNorm2d,
  groupNorm,
  layerNorm,
  layerNorm2d,
  softmax: softmax('Softmax'),
  logSoftmax: softmax('LogSoftmax'),
};
