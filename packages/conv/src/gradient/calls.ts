/** The first face of the gradients: dispatches over buffers of somebody else's WebGPU program. */
import { checkOptions, DEFAULT_PROFILE, type DeviceProfile, elementCount, type Shape } from '@infnet/core';
import { type KernelCall, type OperandRange, sizedCall, wholeRange } from '@infnet/core/kernels';
import { CONVOLUTION_OPTIONS } from '../conv2d-call.js';
import { GATHER_KERNELS, type GatherKernel } from '../forward/algorithm.js';
import { gatherCall } from '../forward/call.js';
import { inputGradientGather } from '../forward/gather.js';
import { kernelFor } from '../forward/registry.js';
import {
  type Conv2dGeometry,
  type Conv2dOptions,
  conv2dFlops,
  conv2dGeometry,
  conv2dSettings,
  outputShape,
} from '../geometry.js';
import { biasGradientCalls } from './bias-call.js';
import type { WeightGradientAlgorithm } from './weight-algorithm.js';
import { type WeightGradientCalls, weightGradientCalls } from './weight-calls.js';
import { WEIGHT_GRADIENTS } from './weight-registry.js';

/** The convolution whose gradient is wanted. */
export interface Conv2dGradientCallOptions extends Conv2dOptions {
  /** Shape of the convolution's input, [n, c, h, w]. */
  readonly input: Shape;
  /** Shape of its weights, [oc, c / groups, kh, kw]. */
  readonly weight: Shape;
  /** Profile of your device; without it kernels that run on any GPU are taken. */
  readonly device?: DeviceProfile;
}

/**
 * One dispatch that computes the gradient with respect to the input. Bindings: `x`, the gradient of the output [n, oc,
 * oh, ow]; `weight`; `y`, the gradient of the input. `ranges` say where x and y lie in their buffers.
 *
 * @throws InfnetError `SHAPE_...` where the shapes do not fit.
 */
export function conv2dInputGradientCall(
  options: Conv2dGradientCallOptions & {
    readonly ranges?: Partial<Readonly<Record<'x' | 'y', OperandRange>>>;
    readonly kernel?: GatherKernel;
  },
): KernelCall {
  const where = 'conv2dInputGradientCall';
  const own = { 'ranges?': { 'x?': 'range', 'y?': 'range' }, 'kernel?': GATHER_KERNELS } as const;
  checkOptions(where, options, { ...CONVOLUTION_OPTIONS, ...own });
  const { input, weight, device = DEFAULT_PROFILE, ranges = {} } = options;
  const geometry = geometryOf(options, where);
  const gather = inputGradientGather(geometry);
  const output = outputShape(geometry);
  const work = {
    flops: conv2dFlops(geometry),
    bytes: 4 * (elementCount(input) + elementCount(weight) + elementCount(output)),
  };
  const operands = { x: ranges.x ?? wholeRange(output), y: ranges.y ?? wholeRange(input) };
  const call = gatherCall(kernelFor(options.kernel, gather, device), gather, operands, device, work);
  const sizes = { x: [output, operands.x], weight: elementCount(weight), y: [input, operands.y] } as const;
  return sizedCall(where, call, sizes);
}

/**
 * The gradient with respect to the weights: up to three calls, run in the order `pad`, `product`, `sum`; see
 * {@link WeightGradientCalls} for their bindings and the scratch buffers between them.
 *
 * @throws InfnetError `SHAPE_...` where the shapes do not fit.
 */
export function conv2dWeightGradientCalls(
  options: Conv2dGradientCallOptions & {
    readonly ranges?: Partial<Readonly<Record<'g' | 'x' | 'y', OperandRange>>>;
    readonly algorithm?: WeightGradientAlgorithm;
  },
): WeightGradientCalls {
  const where = 'conv2dWeightGradientCalls';
  const own = { 'ranges?': { 'g?': 'range', 'x?': 'range', 'y?': 'range' }, 'algorithm?': 'name' } as const;
  checkOptions(where, options, { ...CONVOLUTION_OPTIONS, ...own });
  const { input, weight, device = DEFAULT_PROFILE, ranges = {} } = options;
  const geometry = geometryOf(options, where);
  const output = outputShape(geometry);
  const variant = WEIGHT_GRADIENTS.take(options.algorithm, { geometry, device });
  const { g = wholeRange(output), x = wholeRange(input), y = wholeRange(weight) } = ranges;
  const calls = weightGradientCalls(variant, geometry, { g, x, y }, device);
  const { pad, product, sum, paddedElements, partialElements } = calls;
  return {
    ...calls,
    pad: pad && sizedCall(where, pad, { x: [input, x], y: paddedElements }),
    product: sizedCall(where, product, {
      g: [output, g],
      x: pad === undefined ? [input, x] : paddedElements,
      y: sum === undefined ? [weight, y] : partialElements,
    }),
    sum: sum && sizedCall(where, sum, { partial: partialElements, y: [weight, y] }),
  };
}

/**
 * The gradient with respect to the bias: `product` has bindings `g` [n, oc, oh, ow] and `y` (`partialElements` of
 * scratch), `sum` has `partial` (that scratch) and `y` [oc].
 */
export function conv2dBiasGradientCalls(output: Shape): ReturnType<typeof biasGradientCalls> {
  const where = 'conv2dBiasGradientCalls';
  checkOptions(where, { output }, { output: 'maps' });
  const [batch = 1, channels = 1, ...map] = output;
  const sizes = { batch, channels, pixels: elementCount(map) };
  const g = wholeRange(output);
  const { product, sum, partialElements } = biasGradientCalls(sizes, g, { offset: 0, batchStride: 1 });
  return {
    product: sizedCall(where, product, { g: [output, g], y: partialElements }),
    sum: sizedCall(where, sum, { partial: partialElements, y: channels }),
    partialElements,
  };
}

function geometryOf(options: Conv2dGradientCallOptions, where: string): Conv2dGeometry {
  const { input, weight } = options;
  return conv2dGeometry(input, weight, conv2dSettings(options, [weight[2] ?? 1, weight[3] ?? 1], where), where);
}
