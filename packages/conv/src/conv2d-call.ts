/** The first face: one dispatch of a convolution for somebody else's WebGPU program. */
import { DEFAULT_PROFILE, type DeviceProfile, elementCount, type KernelCall, type Shape } from '@infnet/core';
import { chooseKernel } from './forward/algorithm.js';
import { type Epilogue, type GatherKernel, gatherCall, type OperandRange } from './forward/call.js';
import { forwardGather } from './forward/gather.js';
import { type Conv2dOptions, conv2dFlops, conv2dGeometry, conv2dSettings, outputShape } from './geometry.js';

/** A convolution over buffers of yours. */
export interface Conv2dCallOptions extends Conv2dOptions {
  /** [n, c, h, w] */
  readonly input: Shape;
  /** [oc, c / groups, kh, kw] */
  readonly weight: Shape;
  /** What follows the sum. `bias` takes a binding `bias` [oc], `scaleShift` a binding `affine` [2, oc]. Default `none`. */
  readonly affine?: Epilogue['affine'];
  /** Add a binding `residual` of the output's shape. */
  readonly residual?: boolean;
  /** Add a binding `addend` of the input's shape to the input. */
  readonly addend?: boolean;
  readonly activation?: 'none' | 'relu';
  /** Where operands lie in their buffers, in elements. Default: from the first element on. */
  readonly ranges?: Partial<Readonly<Record<'x' | 'y' | 'residual' | 'addend', OperandRange>>>;
  /** Profile of your device, `profileDevice(device, adapter.info)`; without it a kernel that runs on any GPU is taken. */
  readonly device?: DeviceProfile;
  /** Overrides the choice of the kernel. */
  readonly kernel?: GatherKernel;
}

/**
 * One dispatch that computes a whole convolution: no scratch memory, no second pass. Bindings: `x`, `weight`, `y`, and
 * `bias`, `affine`, `residual`, `addend` where asked for. Give the call to `describeCall` for the shader text, the layout and
 * the uniform block.
 *
 * @throws InfnetError `SHAPE_...` where the shapes do not fit.
 */
export function conv2dCall(options: Conv2dCallOptions): KernelCall {
  const { input, weight, affine = 'none', device = DEFAULT_PROFILE, ranges = {} } = options;
  const settings = conv2dSettings(options, [weight[2] ?? 1, weight[3] ?? 1], 'conv2dCall');
  const geometry = conv2dGeometry(input, weight, settings, 'conv2dCall');
  const gather = forwardGather(geometry);
  const output = outputShape(geometry);
  const inputRange = ranges.x ?? whole(input);
  const outputRange = ranges.y ?? whole(output);
  const copies = (shape: Shape, more: boolean | undefined): number => elementCount(shape) * (more ? 2 : 1);
  const elements = copies(input, options.addend) + copies(output, options.residual) + elementCount(weight);
  return gatherCall(
    options.kernel ?? chooseKernel(gather, device),
    gather,
    {
      x: inputRange,
      y: outputRange,
      addend: options.addend ? (ranges.addend ?? whole(input)) : undefined,
      residual: options.residual ? (ranges.residual ?? whole(output)) : undefined,
      affine,
      relu: options.activation === 'relu',
    },
    device,
    {
      flops: conv2dFlops(geometry),
      bytes: 4 * (elements + { none: 0, bias: 1, scaleShift: 2 }[affine] * geometry.outChannels),
    },
  );
}

function whole(shape: Shape): OperandRange {
  return { offset: 0, batchStride: elementCount(shape.slice(1)) };
}
