/** Kernel calls of the weight gradient: a product over all pixels, split where the result is small and the sum long. */
import type { DeviceProfile } from '@infnet/core';
import { type Kernel, type KernelCall, lineCall, type OperandRange, rangeParams } from '@infnet/core/kernels';
import type { Variant } from '../algorithm.js';
import { type Conv2dGeometry, conv2dFlops } from '../geometry.js';
import padSource from '../kernels/pad.wgsl';
import sumSplitsSource from '../kernels/sum-splits.wgsl';
import { layeredWorkgroups } from '../layers.js';
import { columnsOf, paddedSize, type WeightAlgorithm } from './weight-algorithm.js';

export const sumSplitsKernel: Kernel = { name: 'conv/sum-splits', source: sumSplitsSource };
export const padKernel: Kernel = { name: 'conv/pad', source: padSource };

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

/**
 * The gradient of a convolution with respect to its weights, as calls.
 *
 * @param ranges where g [n, oc, oh, ow], x [n, c, h, w] and y [oc, c / groups, kh, kw] lie.
 * @throws InfnetError `KERNEL_UNAVAILABLE` for `subgroup` on a device without subgroups of a fixed size.
 */
export function weightGradientCalls(
  { algorithm, tile }: Variant<WeightAlgorithm>,
  geometry: Conv2dGeometry,
  ranges: { readonly g: OperandRange; readonly x: OperandRange; readonly y: OperandRange },
  device: DeviceProfile,
): WeightGradientCalls {
  const { batch, groups, outSize, padding } = geometry;
  const columns = columnsOf(geometry);
  const cut = algorithm.cut({ geometry, device }, tile);
  const channelTiles = Math.ceil(geometry.outChannels / groups / cut.rows);
  const tiles = channelTiles * Math.ceil(columns / cut.columns);
  const rows = batch * outSize[0];
  const count = geometry.outChannels * columns;
  const { splits, rowsPerSplit } = splitRows(rows, outSize[1], tiles * groups, cut.parallel, count);

  const padded = paddedSize(geometry);
  const pads = !algorithm.masks && padding.some((size) => size > 0);
  const x = pads ? { offset: 0, batchStride: padded.elements / batch } : ranges.x;
  const y = splits === 1 ? ranges.y : { offset: 0, batchStride: columns };
  const inSize = pads ? padded.size : geometry.inSize;
  const values = batch * (geometry.outChannels * outSize[0] * outSize[1] + geometry.inChannels * inSize[0] * inSize[1]);
  const layered = layeredWorkgroups(Math.ceil(tiles / cut.perWorkgroup), groups * splits);
  const product: KernelCall = {
    kernel: algorithm.kernel,
    constants: { ...cut.constants, ...layered.constants },
    params: {
      ...sizeParams(geometry, inSize),
      ...(algorithm.masks && { paddingY: padding[0], paddingX: padding[1] }),
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

function padCall(geometry: Conv2dGeometry, x: OperandRange): KernelCall {
  const { size, elements } = paddedSize(geometry);
  const { batch, inChannels, inSize, padding } = geometry;
  return lineCall(padKernel, {
    params: {
      channels: inChannels,
      inHeight: inSize[0],
      inWidth: inSize[1],
      outHeight: size[0],
      outWidth: size[1],
      top: padding[0],
      left: padding[1],
      ...rangeParams({ x }),
    },
    invocations: elements,
    flops: 0,
    values: elements + batch * inChannels * inSize[0] * inSize[1],
  });
}

/** Adds `splits` partial results of `count` values; bindings `partial`, `y`. */
export function sumSplitsCall(splits: number, count: number, inner: number, y: OperandRange): KernelCall {
  return lineCall(sumSplitsKernel, {
    params: { splits, inner, ...rangeParams({ y }) },
    invocations: count,
    flops: count * (splits - 1),
    values: count * (splits + 1),
  });
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
