/** The first face: one dispatch of a convolution for somebody else's WebGPU program. */
import {
  checkOptions,
  DEFAULT_PROFILE,
  type DeviceProfile,
  elementCount,
  InfnetError,
  type OptionTable,
  type Shape,
} from '@infnet/core';
import { type KernelCall, type OperandRange, sizedCall, wholeRange } from '@infnet/core/kernels';
import { GATHER_KERNELS, type GatherKernel } from './forward/algorithm.js';
import { gatherCall } from './forward/call.js';
import type { Epilogue } from './forward/epilogue.js';
import { forwardGather } from './forward/gather.js';
import { kernelFor } from './forward/registry.js';
import { type Conv2dOptions, conv2dFlops, conv2dGeometry, conv2dSettings, outputShape } from './geometry.js';

/** A convolution over buffers of yours. */
export interface Conv2dCallOptions extends Conv2dOptions {
  /** [n, c, h, w] */
  readonly input: Shape;
  /** [oc, c / groups, kh, kw] */
  readonly weight: Shape;
  /**
   * What follows the sum. `bias` takes a binding `bias` [oc], `scaleShift` a binding `affine` [2, oc]. Default `none`.
   */
  readonly affine?: Epilogue['affine'];
  /** Add a binding `residual` of the output's shape. */
  readonly residual?: boolean;
  /** Add a binding `addend` of the input's shape to the input. */
  readonly addend?: boolean;
  readonly activation?: 'none' | 'relu';
  /** Where operands lie in their buffers, in elements. Default: from the first element on. */
  readonly ranges?: Partial<Readonly<Record<'x' | 'y' | 'residual' | 'addend', OperandRange>>>;
  /**
   * Profile of your device, `profileDevice(device, adapter.info)`; without it a kernel that runs on any GPU is taken.
   */
  readonly device?: DeviceProfile;
  /** Overrides the choice of the kernel. */
  readonly kernel?: GatherKernel;
}

/**
 * What the calls of a convolution and of its gradients have in common. Stride, padding, dilation and groups: see
 * `conv2dSettings`.
 */
export const CONVOLUTION_OPTIONS: OptionTable = {
  input: 'image',
  weight: 'image',
  'stride?': 'any',
  'padding?': 'any',
  'dilation?': 'any',
  'groups?': 'any',
  'device?': 'object',
};

const OPTIONS: OptionTable = {
  ...CONVOLUTION_OPTIONS,
  'affine?': ['none', 'bias', 'scaleShift'],
  'residual?': 'flag',
  'addend?': 'flag',
  'activation?': ['none', 'relu'],
  'ranges?': { 'x?': 'range', 'y?': 'range', 'residual?': 'range', 'addend?': 'range' },
  'kernel?': GATHER_KERNELS,
};

/**
 * One dispatch that computes a whole convolution: no scratch memory, no second pass. Bindings: `x`, `weight`, `y`, and
 * `bias`, `affine`, `residual`, `addend` where asked for. Give the call to `describeCall` for the shader text, the
 * layout and the uniform block.
 *
 * @throws InfnetError `OPTION_UNKNOWN`, `OPTION_INVALID` for options that cannot be, `SHAPE_...` where the shapes do
 *   not fit, `KERNEL_RANGE` where items of a batch would overlap, `KERNEL_UNAVAILABLE`.
 */
export function conv2dCall(options: Conv2dCallOptions): KernelCall {
  checkOptions('conv2dCall', options, OPTIONS);
  for (const name of ['residual', 'addend'] as const) {
    if (options.ranges?.[name] === undefined || options[name] === true) continue;
    const message = `there is a range of "${name}", but "${name}" is not asked for`;
    throw new InfnetError({ code: 'OPTION_INVALID', message, where: 'conv2dCall', fix: `Add ${name}: true.` });
  }
  const { input, weight, affine = 'none', device = DEFAULT_PROFILE, ranges = {} } = options;
  const settings = conv2dSettings(options, [weight[2] ?? 1, weight[3] ?? 1], 'conv2dCall');
  const geometry = conv2dGeometry(input, weight, settings, 'conv2dCall');
  const gather = forwardGather(geometry);
  const output = outputShape(geometry);
  const x = ranges.x ?? wholeRange(input);
  const y = ranges.y ?? wholeRange(output);
  const addend = options.addend ? (ranges.addend ?? wholeRange(input)) : undefined;
  const residual = options.residual ? (ranges.residual ?? wholeRange(output)) : undefined;
  const copies = (shape: Shape, more: boolean | undefined): number => elementCount(shape) * (more ? 2 : 1);
  const elements = copies(input, options.addend) + copies(output, options.residual) + elementCount(weight);
  const call = gatherCall(
    kernelFor(options.kernel, gather, device),
    gather,
    {
      x,
      y,
      addend,
      residual,
      affine,
      relu: options.activation === 'relu',
    },
    device,
    {
      flops: conv2dFlops(geometry),
      bytes: 4 * (elements + { none: 0, bias: 1, scaleShift: 2 }[affine] * geometry.outChannels),
    },
  );
  return sizedCall('conv2dCall', call, {
    x: [input, x],
    weight: elementCount(weight),
    y: [output, y],
    bias: geometry.outChannels,
    affine: 2 * geometry.outChannels,
    ...(addend && { addend: [input, addend] }),
    ...(residual && { residual: [output, residual] }),
  });
}
