/** Kernel calls of the weight gradient: a product over all pixels, split where the result is small and the sum long. */
import {
  type DeviceProfile,
  dispatchLine,
  InfnetError,
  type Kernel,
  type KernelCall,
  type OperandRange,
  sharesWorkgroupMemory,
} from '@infnet/core';
import { forwardGather, isPointwise } from '../forward/gather.js';
import { layeredWorkgroups } from '../forward/layers.js';
import { type ProductShape, splitTile, subgroupTile, tiledTile } from '../forward/tile.js';
import { type Conv2dGeometry, conv2dFlops } from '../geometry.js';
import padSource from '../kernels/pad.wgsl';
import sumSplitsSource from '../kernels/sum-splits.wgsl';
import plainSource from '../kernels/weight-gradient.wgsl';
import subgroupSource from '../kernels/weight-gradient-subgroup.wgsl';
import tiledSource from '../kernels/weight-gradient-tiled.wgsl';

export const weightGradientKernel: Kernel = { name: 'conv/weight-gradient', source: plainSource };
export const weightGradientSubgroupKernel: Kernel = { name: 'conv/weight-gradient-subgroup', source: subgroupSource };
export const weightGradientTiledKernel: Kernel = { name: 'conv/weight-gradient-tiled', source: tiledSource };
export const sumSplitsKernel: Kernel = { name: 'conv/sum-splits', source: sumSplitsSource };
export const padKernel: Kernel = { name: 'conv/pad', source: padSource };

/** `single` makes one value per invocation: for groups of few channels. */
export type WeightGradientKernel = 'plain' | 'single' | 'subgroup' | 'tiled';

/** A kernel, perhaps with its tile: result channels x columns of a lane x pixels at once, or TILE_M x TILE_N. */
export type WeightGradientAlgorithm =
  | WeightGradientKernel
  | `subgroup/${number}x${number}x${number}`
  | `tiled/${number}x${number}`;

/** The calls of a weight gradient. */
export interface WeightGradientCalls {
  /** Bindings `x`, `y`: writes x with its padding around it, which `product` then reads. Undefined without padding. */
  readonly pad: KernelCall | undefined;
  /** Elements of the padded x; 0 without `pad`. */
  readonly paddedElements: number;
  /**
   * Bindings `g`, `x` (padded, if there is `pad`), `y`; `y` is the gradient itself, or partial results if there is
   * `sum`.
   */
  readonly product: KernelCall;
  /** Bindings `partial`, `y`: adds the partial results in a fixed order. */
  readonly sum: KernelCall | undefined;
  /** Elements of the partial results; 0 without `sum`. */
  readonly partialElements: number;
}

/** The tuner's choice, else {@link ownWeightGradient}. */
export function chooseWeightGradient(geometry: Conv2dGeometry, device: DeviceProfile): WeightGradientAlgorithm {
  const name = device.tuning?.[weightGradientKey(geometry)];
  const tuned =
    name === undefined ? undefined : weightGradientCandidates(geometry, device).find((each) => each === name);
  return tuned ?? ownWeightGradient(geometry, device);
}

/** The algorithm by device class and shape. */
export function ownWeightGradient(geometry: Conv2dGeometry, device: DeviceProfile): WeightGradientKernel {
  const { inChannels, outChannels, kernel, groups } = geometry;
  const columns = (inChannels / groups) * kernel[0] * kernel[1];
  if (!fitsPadded(geometry, device)) return 'tiled';
  if (groups > 1 && (outChannels / groups) * columns < 128) return 'single';
  if (sharesWorkgroupMemory(device.traits)) return 'tiled';
  return device.subgroupSize > 0 ? 'subgroup' : 'plain';
}

function fitsPadded(geometry: Conv2dGeometry, { limits }: DeviceProfile): boolean {
  return 4 * paddedSize(geometry).elements <= Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}

const SUBGROUP_TILES = ['16x8x1', '16x4x1', '8x8x1', '16x8x2', '16x4x2', '16x4x4', '32x8x4'] as const;
const WORKGROUP_TILES = ['64x64', '32x32', '64x32', '32x64'] as const;

/** All ways to compute this gradient on this device that are worth a try. */
export function weightGradientCandidates(geometry: Conv2dGeometry, device: DeviceProfile): WeightGradientAlgorithm[] {
  const names: WeightGradientAlgorithm[] = [];
  if (sharesWorkgroupMemory(device.traits)) names.push(...WORKGROUP_TILES.map((tile) => `tiled/${tile}` as const));
  if (!fitsPadded(geometry, device)) return sharesWorkgroupMemory(device.traits) ? names : ['tiled'];
  if (device.subgroupSize > 0) names.push(...SUBGROUP_TILES.map((tile) => `subgroup/${tile}` as const));
  return [...names, 'plain'];
}

/** What a tuner's table calls this gradient. */
export function weightGradientKey({
  batch,
  groups,
  inChannels,
  outChannels,
  inSize,
  outSize,
  ...rest
}: Conv2dGeometry): string {
  const { kernel, stride, padding, dilation } = rest;
  return [
    `weight gradient ${batch}x${inChannels}x${inSize.join('x')} to ${outChannels}x${outSize.join('x')}`,
    `kernel ${kernel.join('x')} groups ${groups} stride ${stride.join('x')} padding ${padding} dilation ${dilation.join('x')}`,
  ].join(', ');
}

/**
 * The gradient of a convolution with respect to its weights, as calls.
 *
 * @param ranges where g [n, oc, oh, ow], x [n, c, h, w] and y [oc, c / groups, kh, kw] lie.
 * @throws InfnetError `KERNEL_UNAVAILABLE` for `subgroup` on a device without subgroups of a fixed size.
 */
export function weightGradientCalls(
  algorithm: WeightGradientAlgorithm,
  geometry: Conv2dGeometry,
  ranges: { readonly g: OperandRange; readonly x: OperandRange; readonly y: OperandRange },
  device: DeviceProfile,
): WeightGradientCalls {
  const { batch, groups, kernel, outSize, padding } = geometry;
  const columns = (geometry.inChannels / groups) * kernel[0] * kernel[1];
  const tile = tileOf(algorithm, geometry, device);
  const channelTiles = Math.ceil(geometry.outChannels / groups / tile.rows);
  const tiles = channelTiles * Math.ceil(columns / tile.columns);
  const rows = batch * outSize[0];
  const count = geometry.outChannels * columns;
  const { splits, rowsPerSplit } = splitRows(rows, outSize[1], tiles * groups, tile.parallel, count);

  const padded = paddedSize(geometry);
  const usesPadding = splitTile(algorithm).name === 'tiled'; // it masks in its own loop
  const pads = !usesPadding && padding.some((size) => size > 0);
  const x = pads ? { offset: 0, batchStride: padded.elements / batch } : ranges.x;
  const y = splits === 1 ? ranges.y : { offset: 0, batchStride: columns };
  const inSize = pads ? padded.size : geometry.inSize;
  const values = batch * (geometry.outChannels * outSize[0] * outSize[1] + geometry.inChannels * inSize[0] * inSize[1]);
  const layered = layeredWorkgroups(Math.ceil(tiles / tile.perWorkgroup), groups * splits);
  const product: KernelCall = {
    kernel: tile.kernel,
    constants: { ...tile.constants, ...layered.constants },
    params: {
      ...sizeParams(geometry, inSize),
      ...(usesPadding && { paddingY: padding[0], paddingX: padding[1] }),
      rows,
      splits,
      rowsPerSplit,
      gOffset: ranges.g.offset,
      gBatchStride: ranges.g.batchStride,
      xOffset: x.offset,
      xBatchStride: x.batchStride,
      yOffset: y.offset,
      yBatchStride: y.batchStride,
      ySplitStride: count,
      channelTiles,
      ...layered.params,
    },
    workgroups: layered.workgroups,
    flops: conv2dFlops(geometry),
    bytes: 4 * (values + count * splits),
  };
  return {
    pad: pads ? padCall(geometry, ranges.x) : undefined,
    paddedElements: pads ? padded.elements : 0,
    product,
    sum: splits === 1 ? undefined : sumSplitsCall(splits, count, columns, ranges.y),
    partialElements: splits === 1 ? 0 : count * splits,
  };
}

function sizeParams(geometry: Conv2dGeometry, inSize: readonly [number, number]): Record<string, number> {
  const { groups, kernel, outSize, stride, dilation } = geometry;
  const inChannels = geometry.inChannels / groups;
  const taps = kernel[0] * kernel[1];
  return {
    outChannels: geometry.outChannels / groups,
    inChannels,
    columns: inChannels * taps,
    taps,
    kernelWidth: kernel[1],
    inHeight: inSize[0],
    inWidth: inSize[1],
    outHeight: outSize[0],
    outWidth: outSize[1],
    strideY: stride[0],
    strideX: stride[1],
    dilationY: dilation[0],
    dilationX: dilation[1],
  };
}

/** Size of the part of the padded image that the kernel touches. */
function paddedSize({ batch, inChannels, outSize, kernel, stride, dilation }: Conv2dGeometry): {
  readonly size: readonly [number, number];
  readonly elements: number;
} {
  const side = (axis: 0 | 1): number => (outSize[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
  const size = [side(0), side(1)] as const;
  return { size, elements: batch * inChannels * size[0] * size[1] };
}

function padCall(geometry: Conv2dGeometry, x: OperandRange): KernelCall {
  const { size, elements } = paddedSize(geometry);
  const { batch, inChannels, inSize, padding } = geometry;
  return {
    kernel: padKernel,
    constants: {},
    params: {
      count: elements,
      channels: inChannels,
      inHeight: inSize[0],
      inWidth: inSize[1],
      outHeight: size[0],
      outWidth: size[1],
      top: padding[0],
      left: padding[1],
      xOffset: x.offset,
      xBatchStride: x.batchStride,
    },
    workgroups: dispatchLine(Math.ceil(elements / 64)),
    flops: 0,
    bytes: 4 * (elements + batch * inChannels * inSize[0] * inSize[1]),
  };
}

/** Adds `splits` partial results of `count` values; bindings `partial`, `y`. */
export function sumSplitsCall(splits: number, count: number, inner: number, y: OperandRange): KernelCall {
  return {
    kernel: sumSplitsKernel,
    constants: {},
    params: { splits, count, inner, yOffset: y.offset, yBatchStride: y.batchStride },
    workgroups: dispatchLine(Math.ceil(count / 64)),
    flops: count * (splits - 1),
    bytes: 4 * count * (splits + 1),
  };
}

interface Tile {
  readonly kernel: Kernel;
  readonly constants: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly columns: number;
  /** Tiles of one workgroup. */
  readonly perWorkgroup: number;
  /** Tiles that should be at work at once. */
  readonly parallel: number;
}

function tileOf(algorithm: WeightGradientAlgorithm, geometry: Conv2dGeometry, device: DeviceProfile): Tile {
  const { groups, kernel } = geometry;
  const TAPS = Number(!isPointwise(forwardGather(geometry)));
  const { name, sizes } = splitTile<WeightGradientKernel>(algorithm);
  switch (name) {
    case 'subgroup': {
      const SUBGROUP = device.subgroupSize;
      if (SUBGROUP === 0) throw unavailable(name, 'subgroups of one fixed size');
      const columns = (geometry.inChannels / groups) * kernel[0] * kernel[1];
      const shape: ProductShape = {
        outChannels: geometry.outChannels / groups,
        pixels: columns,
        steps: geometry.batch * geometry.outSize[0] * geometry.outSize[1],
        layers: groups,
        plain: TAPS === 0,
        apart: geometry.inSize[0] * geometry.inSize[1],
      };
      const own = subgroupTile(shape, device);
      const [channels = own.channels, pixels = own.pixels, unroll = own.unroll] = sizes;
      return {
        kernel: weightGradientSubgroupKernel,
        constants: { CHANNELS: channels, COLUMNS: pixels, UNROLL: unroll, SUBGROUP, TAPS },
        rows: channels,
        columns: pixels * SUBGROUP,
        perWorkgroup: 1,
        parallel: 64,
      };
    }
    case 'tiled': {
      const columns = (geometry.inChannels / groups) * kernel[0] * kernel[1];
      const own = tiledTile(columns, geometry.outChannels / groups, columns, groups);
      const [TILE_M = own.TILE_M, TILE_N = own.TILE_N] = sizes;
      return {
        kernel: weightGradientTiledKernel,
        constants: { TILE_M, TILE_N, TILE_K: 16 },
        rows: TILE_M,
        columns: TILE_N,
        perWorkgroup: 1,
        parallel: 1024,
      };
    }
    case 'plain':
    case 'single': {
      const [CHANNELS, COLUMNS] = name === 'single' ? [1, 1] : [8, 8];
      return {
        kernel: weightGradientKernel,
        constants: { CHANNELS, COLUMNS, TAPS },
        rows: CHANNELS,
        columns: COLUMNS,
        perWorkgroup: 32,
        parallel: device.traits.invocations,
      };
    }
    default:
      throw unavailable(name, 'a name that is known');
  }
}

/** Fewest pixels that a split sums: shorter ones spend their time storing. */
const FEWEST_PIXELS = 256;
/** Most elements of partial results. */
const MOST_PARTIALS = 4 * 2 ** 20;

function splitRows(
  rows: number,
  width: number,
  tiles: number,
  parallel: number,
  count: number,
): { readonly splits: number; readonly rowsPerSplit: number } {
  const wanted = Math.ceil(parallel / tiles);
  const useful = Math.floor((rows * width) / FEWEST_PIXELS);
  const affordable = Math.floor(MOST_PARTIALS / count);
  const splits = Math.max(1, Math.min(wanted, useful, affordable, rows, 64));
  const rowsPerSplit = Math.ceil(rows / splits);
  return { splits: Math.ceil(rows / rowsPerSplit), rowsPerSplit };
}

function unavailable(kernel: string, needs: string): InfnetError {
  return new InfnetError({
    code: 'KERNEL_UNAVAILABLE',
    message: `the weight gradient "${kernel}" needs ${needs}, which this device does not have`,
    fix: 'Leave the choice of the algorithm to infnet.',
  });
}
