/** Kernel calls of a gathering product: which kernel, which tile, which parameters. */
import { type DeviceProfile, InfnetError, type Kernel, type KernelCall, type OperandRange } from '@infnet/core';
import directSource from '../kernels/direct.wgsl';
import gemmSource from '../kernels/gemm.wgsl';
import gemmMatrixSource from '../kernels/gemm-matrix.wgsl';
import gemmSubgroupSource from '../kernels/gemm-subgroup.wgsl';
import gemmTiledSource from '../kernels/gemm-tiled.wgsl';
import { type Gather, gatherGrid, isPointwise } from './gather.js';
import { layeredWorkgroups } from './layers.js';
import { matrixConstants, matrixTile } from './matrix.js';
import { splitTile, subgroupTile, tiledTile } from './tile.js';

export const gemmKernel: Kernel = { name: 'conv/gemm', source: gemmSource };
export const gemmSubgroupKernel: Kernel = { name: 'conv/gemm-subgroup', source: gemmSubgroupSource };
export const gemmTiledKernel: Kernel = { name: 'conv/gemm-tiled', source: gemmTiledSource };
/** Experimental: see `matrix.ts`. */
export const gemmMatrixKernel: Kernel = { name: 'conv/gemm-matrix', source: gemmMatrixSource };
export const directKernel: Kernel = { name: 'conv/direct', source: directSource };

/** The kernels that can do any gathering product in one dispatch. */
export type GatherKernel = 'gemm' | 'gemm-subgroup' | 'gemm-tiled' | 'gemm-matrix' | 'direct';

export const GATHER_KERNELS: readonly GatherKernel[] = ['gemm', 'gemm-subgroup', 'gemm-tiled', 'gemm-matrix', 'direct'];

/**
 * A kernel, perhaps with its tile: channels x pixels of a lane x steps at once, or TILE_M x TILE_N x TILE_K. Without,
 * the tile follows from the shape.
 */
export type TiledGatherKernel =
  | GatherKernel
  | `gemm-subgroup/${number}x${number}x${number}`
  | `gemm-tiled/${number}x${number}x${number}`
  | `gemm-matrix/${number}x${number}x${number}`;

/** What is done to a sum before it is stored: `act(sum * scale + shift + residual)`. */
export interface Epilogue {
  /** `bias`: a binding `bias` [oc]. `scaleShift`: a binding `affine` [2, oc], scale then shift. Default `none`. */
  readonly affine?: 'none' | 'bias' | 'scaleShift';
  /** Elements before the first of `bias` or `affine`. Default 0. */
  readonly affineOffset?: number;
  /** A binding `residual` of the output's shape is added. */
  readonly residual?: OperandRange | undefined;
  readonly relu?: boolean;
}

/** The operands of a gathering product. */
export interface GatherOperands extends Epilogue {
  readonly x: OperandRange;
  readonly y: OperandRange;
  /** A tensor of x's shape that is added to x while it is loaded. */
  readonly addend?: OperandRange | undefined;
  /** Whether x, the addend lie in the storage that y lies in; then they have no binding of their own. */
  readonly xInOutput?: boolean;
  readonly addendInOutput?: boolean;
  /**
   * Whether the weights are stored as float16; the device needs `shader-f16`. Sums are float32 either way. Default
   * false.
   */
  readonly halfWeights?: boolean;
}

const AFFINE = { none: 0, bias: 1, scaleShift: 2 } as const;
const LINE = 32;

/** `struct Params` of an epilogue and its constants, as all convolution kernels name them. */
export function epilogueFields({ affine = 'none', affineOffset = 0, residual, relu = false }: Epilogue): {
  readonly constants: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number>>;
} {
  return {
    constants: { AFFINE: AFFINE[affine], RESIDUAL: Number(residual !== undefined) },
    params: {
      affineOffset,
      residualOffset: residual?.offset ?? 0,
      residualBatchStride: residual?.batchStride ?? 0,
      relu: Number(relu),
    },
  };
}

/**
 * One dispatch of a gathering product.
 *
 * @param work FLOPs and bytes to report; they follow from the convolution, not from the tiles.
 * @throws InfnetError `KERNEL_UNAVAILABLE` for `gemm-subgroup` on a device without subgroups of a fixed size, and for
 *   `gemm-matrix` on one without matrix units or opened without them.
 */
export function gatherCall(
  kernel: TiledGatherKernel,
  gather: Gather,
  operands: GatherOperands,
  device: DeviceProfile,
  work: Pick<KernelCall, 'flops' | 'bytes'>,
): KernelCall {
  const { batch, groups, outChannels, resultSize, resultStride, sourceSize, weight } = gather;
  const { rows, columns, classes } = gatherGrid(gather);
  const { x, y, addend, xInOutput = false, addendInOutput = false, halfWeights = false } = operands;
  const pixels = batch * rows * columns;
  const epilogue = epilogueFields(operands);
  const constants = {
    ...epilogue.constants,
    X_IN_OUTPUT: Number(xInOutput),
    ADDEND: addend === undefined ? 0 : addendInOutput ? 2 : 1,
    HALF_WEIGHTS: Number(halfWeights),
  };
  const params = {
    ...epilogue.params,
    inChannels: gather.inChannels,
    outChannels,
    channels: outChannels * groups,
    columns,
    area: rows * columns,
    pixels,
    sourceHeight: sourceSize[0],
    sourceWidth: sourceSize[1],
    sourceStrideY: gather.sourceStride[0],
    sourceStrideX: gather.sourceStride[1],
    resultHeight: resultSize[0],
    resultWidth: resultSize[1],
    resultStrideY: resultStride[0],
    resultStrideX: resultStride[1],
    kernelHeight: gather.kernel[0],
    kernelWidth: gather.kernel[1],
    tapStartY: gather.tapStart[0],
    tapStartX: gather.tapStart[1],
    tapStepY: gather.tapStep[0],
    tapStepX: gather.tapStep[1],
    xOffset: x.offset,
    xBatchStride: x.batchStride,
    xChannelStride: sourceSize[0] * sourceSize[1],
    addendOffset: addend?.offset ?? 0,
    addendBatchStride: addend?.batchStride ?? 0,
    weightOffset: weight.offset,
    weightOutStride: weight.out,
    weightInStride: weight.in,
    weightTapStrideY: weight.tapY,
    weightTapStrideX: weight.tapX,
    weightGroupStride: weight.group,
    yOffset: y.offset,
    yBatchStride: y.batchStride,
    yChannelStride: resultSize[0] * resultSize[1],
  };
  const layers = groups * classes;
  const call = (
    kernel: Kernel,
    own: Pick<KernelCall, 'constants' | 'params'>,
    /** Workgroups of one layer. */
    count: number,
  ): KernelCall => {
    const layered = layeredWorkgroups(count, layers);
    return {
      kernel,
      constants: { ...constants, ...own.constants, ...layered.constants },
      params: { ...params, ...own.params, ...layered.params },
      workgroups: layered.workgroups,
      ...work,
    };
  };
  const TAPS = Number(!isPointwise(gather));
  const { name, sizes } = splitTile<GatherKernel>(kernel);
  switch (name) {
    case 'gemm-subgroup': {
      const SUBGROUP = device.subgroupSize;
      if (SUBGROUP === 0) throw unavailable(kernel, 'subgroups of one fixed size');
      const steps = gather.inChannels * gather.kernel[0] * gather.kernel[1];
      const own = subgroupTile({ outChannels, pixels, steps, layers, plain: TAPS === 0, apart: 1 }, device);
      const [CHANNELS = own.channels, PIXELS = own.pixels, UNROLL = own.unroll] = sizes;
      const channelTiles = Math.ceil(outChannels / CHANNELS);
      return call(
        gemmSubgroupKernel,
        { constants: { CHANNELS, PIXELS, UNROLL, SUBGROUP, TAPS }, params: { channelTiles } },
        channelTiles * Math.ceil(pixels / (PIXELS * SUBGROUP)),
      );
    }
    case 'gemm': {
      const tile = { CHANNELS: 8, PIXELS: 8 };
      const channelTiles = Math.ceil(outChannels / tile.CHANNELS);
      return call(
        gemmKernel,
        { constants: { ...tile, TAPS }, params: { channelTiles } },
        Math.ceil((channelTiles * Math.ceil(pixels / tile.PIXELS)) / LINE),
      );
    }
    case 'gemm-tiled': {
      const [TILE_M, TILE_N, TILE_K] = sizes;
      const tile =
        TILE_M === undefined || TILE_N === undefined || TILE_K === undefined
          ? tiledTile(gather.inChannels, outChannels, pixels, layers)
          : { TILE_M, TILE_N, TILE_K };
      const channelTiles = Math.ceil(outChannels / tile.TILE_M);
      return call(
        gemmTiledKernel,
        { constants: tile, params: { channelTiles } },
        channelTiles * Math.ceil(pixels / tile.TILE_N),
      );
    }
    case 'gemm-matrix': {
      const { subgroupMatrix, hasF16 } = device;
      if (subgroupMatrix === undefined)
        throw unavailable(kernel, 'subgroup matrices (experimental, asked for in open)');
      const own = matrixTile(gather, pixels, layers);
      const [TILE_M = own.TILE_M, TILE_N = own.TILE_N, TILE_K = own.TILE_K] = sizes;
      const channelTiles = Math.ceil(outChannels / TILE_M);
      return call(
        gemmMatrixKernel,
        {
          constants: matrixConstants({ TILE_M, TILE_N, TILE_K }, subgroupMatrix, hasF16),
          params: { channelTiles },
        },
        channelTiles * Math.ceil(pixels / TILE_N),
      );
    }
    case 'direct': {
      const CHANNELS = outChannels >= 4 ? 4 : 1;
      const channelTiles = Math.ceil(outChannels / CHANNELS);
      const [blockRows, blockColumns] = [Math.ceil(rows / 4), Math.ceil(columns / 4)];
      return call(
        directKernel,
        { constants: { CHANNELS, ...rowReuse(gather) }, params: { blockColumns, blockRows, batch } },
        Math.ceil((blockColumns * blockRows * batch * channelTiles) / LINE),
      );
    }
    default:
      throw unavailable(kernel, 'a name that is known');
  }
}

/** Taps of a kernel row that share loads in `direct`: all of them where they lie side by side and are few. */
function rowReuse({ kernel, tapStep, sourceStride, resultStride }: Gather): {
  readonly WIDTH: number;
  readonly STEP: number;
} {
  const width = kernel[1];
  const adjacent = tapStep[1] === 1 && resultStride[0] === 1 && resultStride[1] === 1 && sourceStride[1] <= 2;
  return adjacent && width > 1 && width <= 7 ? { WIDTH: width, STEP: sourceStride[1] } : { WIDTH: 1, STEP: 1 };
}

function unavailable(kernel: string, needs: string): InfnetError {
  return new InfnetError({
    code: 'KERNEL_UNAVAILABLE',
    message: `the kernel ${kernel} needs ${needs}, which this device does not have`,
    fix: 'Leave the choice of the algorithm to infnet.',
  });
}
