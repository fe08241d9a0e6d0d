/** The first face of the gradients: dispatches over buffers of somebody else's WebGPU program. */
import {
  DEFAULT_PROFILE,
  type DeviceProfile,
  elementCount,
  type KernelCall,
  requireSizes,
  type Shape,
} from '@infnet/core';
import { chooseKernel } from '../forward/algorithm.js';
import { type GatherKernel, gatherCall, type OperandRange } from '../forward/call.js';
import { inputGradientGather } from '../forward/gather.js';
import {
  type Conv2dGeometry,
  type Conv2dOptions,
  conv2dFlops,
  conv2dGeometry,
  conv2dSettings,
  outputShape,
} from '../geometry.js';
import { biasGradientCalls } from './bias-call.js';
import {
  chooseWeightGradient,
  type WeightGradientAlgorithm,
  type WeightGradientCalls,
  weightGradientCalls,
} from './weight-call.js';

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
 * One dispatch that computes the gradient with respect to the input. Bindings: `x`, the gradient of the output [n, oc, oh,
 * ow]; `weight`; `y`, the gradient of the input. `ranges` say where x and y lie in their buffers.
 *
 * @throws InfnetError `SHAPE_...` where the shapes do not fit.
 */
export function conv2dInputGradientCall(
  options: Conv2dGradientCallOptions & {
    readonly ranges?: Partial<Readonly<Record<'x' | 'y', OperandRange>>>;
    readonly kernel?: GatherKernel;
  },
): KernelCall {
  const { input, weight, device = DEFAULT_PROFILE, ranges = {} } = options;
  const geometry = geometryOf(options, 'conv2dInputGradientCall');
  const gather = inputGradientGather(geometry);
  const output = outputShape(geometry);
  const work = {
    flops: conv2dFlops(geometry),
    bytes: 4 * (elementCount(input) + elementCount(weight) + elementCount(output)),
  };
  const operands = { x: ranges.x ?? whole(output), y: ranges.y ?? whole(input) };
  return gatherCall(options.kernel ?? chooseKernel(gather, device), gather, operands, device, work);
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
  const { input, weight, device = DEFAULT_PROFILE, ranges = {} } = options;
  const geometry = geometryOf(options, 'conv2dWeightGradientCalls');
  const algorithm = options.algorithm ?? chooseWeightGradient(geometry, device);
  const { g = whole(outputShape(geometry)), x = whole(input), y = whole(weight) } = ranges;
  return weightGradientCalls(algorithm, geometry, { g, x, y }, device);
}

/**
 * The gradient with respect to the bias: `product` has bindings `g` [n, oc, oh, ow] and `y` (`partialElements` of scratch),
 * `sum` has `partial` (that scratch) and `y` [oc].
 */
export function conv2dBiasGradientCalls(output: Shape): ReturnType<typeof biasGradientCalls> {
  requireSizes('conv2dBiasGradientCalls', output);
  const [batch = 1, channels = 1, ...map] = output;
  const sizes = { batch, channels, pixels: elementCount(map) };
  return biasGradientCalls(sizes, whole(output), { offset: 0, batchStride: 1 });
}

function geometryOf(options: Conv2dGradientCallOptions, where: string): Conv2dGeometry {
  const { input, weight } = options;
  return conv2dGeometry(input, weight, conv2dSettings(options, [weight[2] ?? 1, weight[3] ?? 1], where), where);
}

function whole(shape: Shape): OperandRange {
  return { offset: 0, batchStride: elementCount(shape.slice(1)) };
}
