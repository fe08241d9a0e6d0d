/** Kernel calls of a gathering product: what all kernels have in common. */
import type { DeviceProfile } from '@infnet/core';
import type { KernelCall, OperandRange } from '@infnet/core/kernels';
import type { Variant } from '../algorithm.js';
import { layeredWorkgroups } from '../layers.js';
import type { KernelAlgorithm } from './algorithm.js';
import { type Epilogue, epilogueFields } from './epilogue.js';
import { type Gather, gatherGrid, isPointwise, type MatrixStrides } from './gather.js';

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

/** Invocations of a workgroup whose lanes have nothing to do with each other. */
export const LINE = 32;

/**
 * One dispatch of a gathering product.
 *
 * @param work FLOPs and bytes to report; they follow from the convolution, not from the tiles.
 * @throws InfnetError `KERNEL_UNAVAILABLE` for `gemm-subgroup` on a device without subgroups of a fixed size, and for
 *   `gemm-matrix` on one without matrix units or opened without them.
 */
export function gatherCall(
  { algorithm, tile }: Variant<KernelAlgorithm>,
  gather: Gather,
  operands: GatherOperands,
  device: DeviceProfile,
  work: Pick<KernelCall, 'flops' | 'bytes'>,
): KernelCall {
  const { batch, groups, inChannels, outChannels, resultSize, resultStride, sourceSize, weight } = gather;
  const { source = mapStrides(sourceSize, inChannels), result = mapStrides(resultSize, outChannels) } = gather;
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
    inChannels,
    outChannels,
    channels: outChannels * groups,
    columns,
    area: rows * columns,
    pixels,
    sourceHeight: sourceSize[0],
    sourceWidth: gather.source?.pixel ?? sourceSize[1],
    sourceStrideY: gather.sourceStride[0],
    sourceStrideX: gather.sourceStride[1],
    resultHeight: resultSize[0],
    resultWidth: gather.result?.pixel ?? resultSize[1],
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
    xChannelStride: source.channel,
    xGroupStride: source.group,
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
    yChannelStride: result.channel,
    yGroupStride: result.group,
  };
  const layers = groups * classes;
  const product = { gather, device, rows, columns, pixels, layers, hasTaps: !isPointwise(gather) };
  const own = algorithm.launch(product, tile);
  const layered = layeredWorkgroups(own.count, layers);
  return {
    kernel: algorithm.kernel,
    constants: { ...constants, ...own.constants, ...layered.constants },
    params: { ...params, ...own.params, ...layered.params },
    workgroups: layered.workgroups,
    ...work,
  };
}

/** Maps one behind the other. */
function mapStrides([height, width]: Gather['sourceSize'], channels: number): MatrixStrides {
  return { pixel: 1, channel: height * width, group: channels * height * width };
}
