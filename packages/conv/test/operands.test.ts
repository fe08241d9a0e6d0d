/** Channel ranges, operands in the storage that is written, epilogues: through KernelCalls on a bare device. */
import type { Context, DeviceProfile } from '@infnet/core';
import { ADAPTER_TRAITS, describeCall, type KernelCall } from '@infnet/core/kernels';
import { expectClose, fill } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatherOperands, gatherCall } from '../src/forward/call.js';
import { forwardGather } from '../src/forward/gather.js';
import { KERNELS } from '../src/forward/registry.js';
import { conv2dCall } from '../src/kernels.js';
import { conv2dReference, geometryOfCase, type ReferenceCase } from './reference.js';
import { dispatch, openQuietly } from './support.js';

const NO_SUBGROUPS = 'this device has no subgroups of one fixed size';
let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

const test: ReferenceCase = { input: [2, 6, 7, 5], weight: [10, 6, 3, 3], padding: 1, stride: [2, 1] };
const pointwise: ReferenceCase = { input: [2, 6, 4, 5], weight: [6, 6, 1, 1] };
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A range of `channels` from channel `first` of a buffer of `all` channels. */
const range = (all: number, first: number, area: number): { offset: number; batchStride: number } => ({
  offset: first * area,
  batchStride: all * area,
});

/** The values of such a range, contiguous. */
function take(
  data: Float32Array,
  batch: number,
  { offset, batchStride }: { offset: number; batchStride: number },
  count: number,
): Float32Array {
  const out = new Float32Array(batch * count);
  for (let n = 0; n < batch; n++)
    out.set(data.subarray(offset + n * batchStride, offset + n * batchStride + count), n * count);
  return out;
}

describe.each(['gemm', 'gemm-subgroup', 'gemm-tiled', 'direct'] as const)('%s', (kernel) => {
  const call = (which: ReferenceCase, operands: GatherOperands): KernelCall =>
    gatherCall(KERNELS.named(kernel), forwardGather(geometryOfCase(which)), operands, context.profile, {
      flops: 0,
      bytes: 0,
    });

  it.for([
    { affine: 'none', residual: false, relu: true, addend: false },
    { affine: 'bias', residual: true, relu: false, addend: false },
    { affine: 'scaleShift', residual: true, relu: true, addend: true },
    { affine: 'scaleShift', residual: false, relu: false, addend: true },
  ] as const)(
    'does $affine, residual $residual, relu $relu, addend $addend over channel ranges',
    async (options, { skip }) => {
      skip(kernel === 'gemm-subgroup' && context.profile.subgroupSize === 0, NO_SUBGROUPS);
      const { outChannels, outSize, inSize, inChannels } = geometryOfCase(test);
      const [area, outArea] = [inSize[0] * inSize[1], outSize[0] * outSize[1]];
      const ranges = {
        x: range(9, 2, area),
        addend: range(11, 4, area),
        y: range(outChannels + 3, 2, outArea),
        residual: range(outChannels + 5, 1, outArea),
      };
      const buffers = {
        x: fill('x', 2 * 9 * area),
        addend: fill('addend', 2 * 11 * area),
        y: fill('y', 2 * (outChannels + 3) * outArea),
        residual: fill('residual', 2 * (outChannels + 5) * outArea),
        weight: fill('w', size(test.weight), 0.3),
        bias: fill('bias', outChannels),
        affine: fill('affine', 2 * outChannels),
      };
      const result = await dispatch(
        context,
        call(test, {
          x: ranges.x,
          y: ranges.y,
          affine: options.affine,
          relu: options.relu,
          residual: options.residual ? ranges.residual : undefined,
          addend: options.addend ? ranges.addend : undefined,
        }),
        buffers,
      );

      const x = take(buffers.x, 2, ranges.x, inChannels * area);
      const addend = take(buffers.addend, 2, ranges.addend, inChannels * area);
      if (options.addend) for (const [i, value] of addend.entries()) (x[i] as number) += value;
      const residual = take(buffers.residual, 2, ranges.residual, outChannels * outArea);
      const expected = conv2dReference(test, x, buffers.weight).map((sum, i) => {
        const channel = Math.floor(i / outArea) % outChannels;
        let value = sum;
        if (options.affine === 'bias') value += buffers.bias[channel] as number;
        if (options.affine === 'scaleShift') {
          value = value * (buffers.affine[channel] as number) + (buffers.affine[outChannels + channel] as number);
        }
        if (options.residual) value += residual[i] as number;
        return options.relu ? Math.max(value, 0) : value;
      });
      expectClose(take(result, 2, ranges.y, outChannels * outArea), expected, { relL2: 2e-6 }, kernel);
      // Nothing outside the range of y was touched.
      const outside = (data: Float32Array): number[] =>
        [...data].filter((_, i) => {
          const at = (i % ranges.y.batchStride) - ranges.y.offset;
          return at < 0 || at >= outChannels * outArea;
        });
      expect(outside(result)).toEqual(outside(buffers.y));
    },
  );

  it.for([
    { xInOutput: true, addendInOutput: false, which: test },
    { xInOutput: false, addendInOutput: true, which: test },
    { xInOutput: true, addendInOutput: true, which: pointwise },
  ])('reads x ($xInOutput) and the addend ($addendInOutput) from the storage it writes', async (options, { skip }) => {
    skip(kernel === 'gemm-subgroup' && context.profile.subgroupSize === 0, NO_SUBGROUPS);
    const { which, ...where } = options;
    const { inSize, inChannels, outChannels, outSize, batch } = geometryOfCase(which);
    const [area, outArea] = [inSize[0] * inSize[1], outSize[0] * outSize[1]];
    const all = 2 * inChannels * area + outChannels * outArea;
    const within = (offset: number): { offset: number; batchStride: number } => ({ offset, batchStride: all });
    const ranges = { x: within(0), addend: within(inChannels * area), y: within(2 * inChannels * area) };
    const shared = fill('shared', batch * all);
    const buffers = {
      x: fill('other x', batch * all),
      addend: fill('other a', batch * all),
      y: shared,
      weight: fill('w', size(which.weight), 0.3),
    };
    const result = await dispatch(context, call(which, { ...ranges, ...where }), buffers);
    const count = inChannels * area;
    const x = take(where.xInOutput ? shared : buffers.x, batch, ranges.x, count);
    const addend = take(where.addendInOutput ? shared : buffers.addend, batch, ranges.addend, count);
    const expected = conv2dReference(
      which,
      x.map((value, i) => value + (addend[i] as number)),
      buffers.weight,
    );
    expectClose(take(result, batch, ranges.y, outChannels * outArea), expected, { relL2: 2e-6 }, kernel);
  });
});

describe('conv2dCall', () => {
  it('is a whole convolution for a WebGPU program without infnet', async () => {
    const buffers = {
      x: fill('x', size(test.input)),
      weight: fill('w', size(test.weight), 0.3),
      bias: fill('b', 10),
      y: new Float32Array(2 * 10 * 4 * 5),
    };
    const { input, weight, ...options } = test;
    const call = conv2dCall({ input, weight, ...options, affine: 'bias', activation: 'relu' });
    expect(call.kernel.name).toBe('conv/gemm-tiled');
    expect(call.flops).toBe(2 * 2 * 10 * 4 * 5 * 6 * 9);
    expect(call.bytes).toBe(4 * (buffers.x.length + buffers.weight.length + buffers.bias.length + buffers.y.length));
    const expected = conv2dReference(test, buffers.x, buffers.weight, buffers.bias).map((value) => Math.max(value, 0));
    expectClose(await dispatch(context, call, buffers), expected, { relL2: 2e-6 });
  });

  it('has one pipeline for layers of different sizes', () => {
    const device: DeviceProfile = { ...context.profile, traits: ADAPTER_TRAITS.llvmpipe, subgroupSize: 8 };
    const code = (input: readonly number[], weight: readonly number[]): string =>
      describeCall(conv2dCall({ input, weight, device })).code;
    expect(code([1, 104, 88, 88], [256, 104, 1, 1])).toBe(code([4, 1024, 22, 22], [416, 1024, 1, 1]));
    expect(code([1, 3, 88, 88], [32, 3, 3, 3])).toBe(code([4, 320, 44, 44], [256, 320, 5, 5]));
  });

  it('keeps a NaN through relu', async () => {
    const call = conv2dCall({ input: [1, 1, 1, 2], weight: [1, 1, 1, 1], activation: 'relu' });
    const y = await dispatch(context, call, {
      x: Float32Array.of(Number.NaN, -1),
      weight: Float32Array.of(1),
      y: new Float32Array(2),
    });
    expect([...y]).toEqual([Number.NaN, 0]);
  });
});
