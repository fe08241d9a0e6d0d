/**
 * The quick set: convolutions as Inf-Net has them at 352 px, from its widest maps to its deepest, and one that only
 * bandwidth limits.
 */
export interface ConvCase {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width of the input. */
  readonly extent: number;
  /** Odd; the padding is half of it. */
  readonly kernel: number;
  readonly stride: number;
}

function convCase(inChannels: number, outChannels: number, extent: number, kernel: number, stride = 1): ConvCase {
  const how = stride === 1 ? '' : `, stride ${stride}`;
  const name = `conv ${kernel}×${kernel}${how}, ${inChannels} to ${outChannels} channels, ${extent}×${extent}`;
  return { name, inChannels, outChannels, extent, kernel, stride };
}

export const QUICK_SET: readonly ConvCase[] = [
  convCase(32, 32, 88, 3),
  convCase(64, 64, 44, 3, 2),
  convCase(256, 64, 44, 1),
  convCase(128, 128, 22, 3),
  convCase(256, 256, 11, 3),
];

export interface ConvInputs {
  /** [1, inChannels, extent, extent]. */
  readonly x: Float32Array;
  /** [outChannels, inChannels, kernel, kernel]. */
  readonly weight: Float32Array;
}

/** Values that are the same for every library, in -1..1. */
export function inputsOf({ inChannels, outChannels, extent, kernel }: ConvCase): ConvInputs {
  const values = (length: number, factor: number) =>
    Float32Array.from({ length }, (_, i) => Math.fround(((i * factor) % 1009) / 504.5 - 1));
  return {
    x: values(inChannels * extent * extent, 7919),
    weight: values(outChannels * inChannels * kernel * kernel, 104729),
  };
}

export function outExtent({ extent, stride }: ConvCase): number {
  return Math.ceil(extent / stride);
}

export function gflopOf(one: ConvCase): number {
  const { inChannels, outChannels, kernel } = one;
  return (2 * outExtent(one) ** 2 * outChannels * inChannels * kernel ** 2) / 1e9;
}

/** A library with a convolution on it, ready to run. */
export interface PreparedConv {
  /** Input in, result out: [1, outChannels, out, out]. */
  run(x: Float32Array): Promise<Float32Array>;
  dispose(): void;
}

export interface Contestant {
  readonly version: string;
  prepare(one: ConvCase, weight: Float32Array): Promise<PreparedConv>;
  dispose(): void;
}
