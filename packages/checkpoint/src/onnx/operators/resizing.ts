/** Bilinear resizing, alone and inside the operators of reverse attention. */
import type { OnnxEmitter, OnnxTranslation } from '../emitter.js';
import { ints, type OnnxAttributes, string } from '../model.js';

/**
 * `Resize` along height and width. Positions: corners on corners, or (i + 1/2) / scale - 1/2, which ONNX calls
 * `half_pixel` (its `pytorch_half_pixel` differs from PyTorch where the result is one pixel wide).
 */
function resize(
  emit: OnnxEmitter,
  value: string,
  mode: 'align_corners' | 'half_pixel',
  to: { readonly size: readonly number[] } | { readonly scales: readonly number[] },
): string {
  const attributes: OnnxAttributes = {
    axes: ints([2, 3]),
    mode: string('linear'),
    coordinate_transformation_mode: string(mode),
  };
  const target = 'size' in to ? ['', emit.ints(to.size)] : [emit.floats(to.scales)];
  return emit.one('Resize', [value, '', ...target], attributes);
}

const interpolate: OnnxTranslation = (emit) => {
  const { size, mode, alignCorners, ratio } = emit.node.attributes as {
    readonly size: readonly number[];
    readonly mode: string;
    readonly alignCorners: boolean;
    /** Source pixels per result pixel, where a factor was given. */
    readonly ratio?: readonly number[];
  };
  if (mode !== 'bilinear') throw emit.cannot(`its mode is ${mode}`, 'Use bilinear.');
  if (alignCorners) return [resize(emit, emit.input(0), 'align_corners', { size })];
  const input = emit.shape(0).slice(2);
  // A factor that the two sizes do not give back says itself where the positions are.
  const implied = ratio === undefined || ratio.every((r, d) => Math.fround(r) === Math.fround(ratioOf(input, size, d)));
  return [
    resize(emit, emit.input(0), 'half_pixel', implied ? { size } : { scales: scalesFor(input, size, ratio, emit) }),
  ];
};

function ratioOf(input: readonly number[], size: readonly number[], d: number): number {
  return (input[d] as number) / (size[d] as number);
}

/**
 * Scales whose product with the input, rounded down as ONNX says, is the size, in float32 and in float64: runtimes
 * differ in which they take, and the sizes that they infer beforehand may come from the other one. Where the nearest
 * float32 does not do that, a neighbour may; positions move by less than float32 tells.
 */
function scalesFor(
  input: readonly number[],
  size: readonly number[],
  ratio: readonly number[],
  emit: OnnxEmitter,
): readonly number[] {
  if (input.every((extent, d) => extent === size[d])) {
    throw emit.cannot(
      `the factor leaves the size ${size.join(' x ')} as it is, and runtimes then leave the values as they are too`,
      'Give a factor that changes the size, or leave the operator out.',
    );
  }
  return ratio.map((r, d) => {
    const nearest = Math.fround(1 / r);
    for (const scale of [0, 1, -1, 2, -2].map((steps) => neighbour(nearest, steps))) {
      const product = (input[d] as number) * scale;
      if (Math.floor(Math.fround(product)) === size[d] && Math.floor(product) === size[d]) return scale;
    }
    throw emit.cannot(
      `float32 rounds ${input[d]} x ${1 / r} to another size than ${size[d]}`,
      'Give the size instead of the factor.',
    );
  });
}

/** The float32 that comes `steps` after a positive one. */
function neighbour(value: number, steps: number): number {
  const float = Float32Array.of(value);
  const bits = new Int32Array(float.buffer);
  bits[0] = (bits[0] as number) + steps;
  return float[0] as number;
}

/** A map brought to the size of input 0, with corners not aligned. */
function toSizeOfFirst(emit: OnnxEmitter, index: number): string {
  const size = emit.shape(0).slice(2);
  const own = emit.shape(index).slice(2);
  if (size.every((extent, d) => extent === own[d])) return emit.input(index);
  return resize(emit, emit.input(index), 'half_pixel', { size });
}

export const RESIZING: Readonly<Record<string, OnnxTranslation>> = {
  interpolate,
  addResized: (emit) => [emit.one('Add', [emit.input(0), toSizeOfFirst(emit, 1)])],
  reverseAttention: (emit) => {
    if (emit.node.attributes['eps'] !== undefined)
      throw emit.cannot('the planner has fused a batch norm into it', 'Export the graph as `trace` returned it.');
    const weight = emit.one('Sub', [emit.scalar(1), emit.one('Sigmoid', [toSizeOfFirst(emit, 1)])]);
    return [emit.one('Mul', [emit.input(0), weight])];
  },
};
