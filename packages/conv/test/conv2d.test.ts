/** The operator's shapes and errors, the module, and what the kernels' text expands to. */

import { initialValues, Module, schedule, type Tensor, trace } from '@infnet/core';
import { kernelVariant } from '@infnet/core/kernels';
import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { Conv2d, type Conv2dOptions, conv2d, conv2dFlops } from '../src/index.js';
import { foldBatchNormKernel, gemmKernel, winogradWeightKernel } from '../src/kernels.js';
import { geometryOfCase } from './reference.js';

function outputOf(
  x: readonly number[],
  w: readonly number[],
  options: Conv2dOptions = {},
  b?: readonly number[],
): readonly number[] {
  const inputs = { x, w, ...(b && { b }) };
  const graph = trace(
    (t: Readonly<Record<string, Tensor>>) => conv2d(t['x'] as Tensor, t['w'] as Tensor, t['b'], options),
    inputs,
  );
  return graph.outputs.get('output')?.shape ?? [];
}

describe('shapes', () => {
  it('follow stride, padding and dilation in each direction', () => {
    expect(outputOf([2, 3, 9, 11], [5, 3, 3, 3])).toEqual([2, 5, 7, 9]);
    expect(outputOf([2, 3, 9, 11], [5, 3, 3, 5], { padding: [1, 2], stride: [2, 3] })).toEqual([2, 5, 5, 4]);
    expect(outputOf([1, 4, 11, 11], [8, 2, 3, 3], { padding: 7, dilation: 7, groups: 2 })).toEqual([1, 8, 11, 11]);
  });

  it('padding "same" keeps the size, for even kernels too, "valid" pads nothing', () => {
    expect(outputOf([1, 1, 6, 7], [1, 1, 4, 5], { padding: 'same', dilation: [1, 2] })).toEqual([1, 1, 6, 7]);
    expect(outputOf([1, 1, 6, 7], [1, 1, 4, 5], { padding: 'valid' })).toEqual([1, 1, 3, 3]);
  });

  it('count two operations per multiply-add', () => {
    expect(conv2dFlops(geometryOfCase({ input: [2, 6, 7, 5], weight: [8, 3, 3, 3], padding: 1, groups: 2 }))).toBe(
      2 * 2 * 8 * 35 * 27,
    );
  });
});

describe('errors name the place and the shapes', () => {
  class Branch extends Module {
    readonly conv1 = new Conv2d(64, 32, 3);
    override forward(x: Tensor): Tensor {
      return this.conv1.call(x);
    }
  }
  class Net extends Module {
    readonly branch = new Branch();
    override forward(x: Tensor): Tensor {
      return this.branch.call(x);
    }
  }

  it('when the channels do not fit', () => {
    const net = new Net();
    expect(thrownBy(() => trace(({ x }) => net.call(x), { x: [1, 48, 9, 9] })).message).toMatchInlineSnapshot(`
      "[SHAPE_CHANNELS] the weight takes 64 input channels, the input has 48 (input [1, 48, 9, 9], weight [32, 64, 3, 3], groups 1) (at branch.conv1)
        Fix: The weight must have the shape [out channels, in channels / groups, kernel height, kernel width]."
    `);
  });

  it.each([
    ['SHAPE_RANK', () => outputOf([3, 9, 9], [5, 3, 3, 3])],
    ['SHAPE_RANK', () => outputOf([1, 3, 9, 9], [5, 3, 3])],
    ['SHAPE_CHANNELS', () => outputOf([1, 4, 9, 9], [5, 2, 3, 3], { groups: 2 })],
    ['SHAPE_EMPTY', () => outputOf([1, 3, 4, 9], [5, 3, 3, 3], { dilation: 2 })],
    ['SHAPE_MISMATCH', () => outputOf([1, 3, 9, 9], [5, 3, 3, 3], {}, [4])],
    ['SHAPE_ATTRIBUTE', () => outputOf([1, 3, 9, 9], [5, 3, 3, 3], { stride: 0 })],
    ['SHAPE_ATTRIBUTE', () => outputOf([1, 3, 9, 9], [5, 3, 3, 3], { padding: [1, -1] })],
    ['SHAPE_ATTRIBUTE', () => outputOf([1, 3, 9, 9], [5, 3, 3, 3], { dilation: 1.5 })],
    ['SHAPE_ATTRIBUTE', () => outputOf([1, 3, 9, 9], [5, 3, 3, 3], { groups: 0 })],
    ['SHAPE_ATTRIBUTE', () => outputOf([1, 3, 9, 9], [5, 3, 3, 3], { padding: 'same', stride: 2 })],
  ])('%s', (code, body) => {
    expect(thrownBy(body).message).toContain(`[${code}]`);
  });

  it('for an element type that is not f32', () => {
    const inputs = { x: { shape: [1, 3, 9, 9], dtype: 'u32' }, w: [5, 3, 3, 3] } as const;
    expect(thrownBy(() => trace(({ x, w }) => conv2d(x, w), inputs)).message).toContain('[SHAPE_DTYPE]');
  });
});

describe('Conv2d', () => {
  it('has the state dict of the field', () => {
    const conv = new Conv2d(6, 8, [1, 3], { groups: 2 });
    expect(conv.stateDictSpec().map(({ name, shape }) => [name, shape])).toEqual([
      ['weight', [8, 3, 1, 3]],
      ['bias', [8]],
    ]);
    expect(new Conv2d(6, 8, 3, { bias: false }).parameters().map(({ name }) => name)).toEqual(['weight']);
  });

  it('starts with uniform weights within 1 / sqrt(fan in)', () => {
    const bound = 1 / Math.sqrt(6 * 9);
    const conv = new Conv2d(6, 50, 3);
    for (const parameter of conv.parameters()) {
      const values = initialValues(parameter, 1).map(Math.abs);
      const largest = Math.max(...values);
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.8 * bound);
    }
  });

  it('is one dispatch without a device profile', () => {
    const conv = new Conv2d(6, 8, 3, { padding: 1 });
    const plan = schedule(trace(({ x }) => conv.call(x), { x: [1, 6, 9, 9] }));
    expect(plan.dispatches.map(({ kernel }) => kernel.name)).toEqual(['conv/gemm-tiled']);
  });
});

describe('kernel text', () => {
  const body = (code: string): string =>
    code.replace(/\/\/[^\n]*\n/g, '').slice(code.replace(/\/\/[^\n]*\n/g, '').indexOf('@compute'));

  it('folding a batch norm', () => {
    expect(body(kernelVariant(foldBatchNormKernel, { BIAS: 0 }).code)).toMatchInlineSnapshot(`
      "@compute @workgroup_size(32)
      fn main(@builtin(global_invocation_id) id: vec3u) {
        let channel = id.x;
        if (channel >= params.channels) {
          return;
        }
        let scale = gamma[channel] / sqrt(variance[channel] + params.eps);
        let center = -mean[channel];
        affine[channel] = scale;
        affine[params.channels + channel] = beta[channel] + center * scale;
      }
      "
    `);
  });

  it('transforming weights', () => {
    expect(body(kernelVariant(winogradWeightKernel, { TILE: 2 }).code)).toMatchInlineSnapshot(`
      "@compute @workgroup_size(32)
      fn main(
        @builtin(workgroup_id) group: vec3u,
        @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32,
      ) {
        let t = (group.y * groups.x + group.x) * 32u + lane;
        if (t < params.count) { each(t); }
      }

      alias Values = array<f32, 4>;

      fn transform(a: f32, b: f32, c: f32) -> Values {
        let even = 0.5 * (a + c);
        return Values(a, even + 0.5 * b, even - 0.5 * b, c);
      }

      fn each(t: u32) {
        let m = i32(t / params.inChannels);
        let k = i32(t % params.inChannels);
        let at = params.weightOffset + m * params.weightOutStride + k * params.weightInStride;
        let g0 = transform(
          weight[at + 0 * params.weightTapStrideX],
          weight[at + params.weightTapStrideY + 0 * params.weightTapStrideX],
          weight[at + 2 * params.weightTapStrideY + 0 * params.weightTapStrideX],
        );
        let g1 = transform(
          weight[at + 1 * params.weightTapStrideX],
          weight[at + params.weightTapStrideY + 1 * params.weightTapStrideX],
          weight[at + 2 * params.weightTapStrideY + 1 * params.weightTapStrideX],
        );
        let g2 = transform(
          weight[at + 2 * params.weightTapStrideX],
          weight[at + params.weightTapStrideY + 2 * params.weightTapStrideX],
          weight[at + 2 * params.weightTapStrideY + 2 * params.weightTapStrideX],
        );
        let row0 = transform(g0[0], g1[0], g2[0]);
        u[0u * params.count + t] = row0[0];
        u[1u * params.count + t] = row0[1];
        u[2u * params.count + t] = row0[2];
        u[3u * params.count + t] = row0[3];
        let row1 = transform(g0[1], g1[1], g2[1]);
        u[4u * params.count + t] = row1[0];
        u[5u * params.count + t] = row1[1];
        u[6u * params.count + t] = row1[2];
        u[7u * params.count + t] = row1[3];
        let row2 = transform(g0[2], g1[2], g2[2]);
        u[8u * params.count + t] = row2[0];
        u[9u * params.count + t] = row2[1];
        u[10u * params.count + t] = row2[2];
        u[11u * params.count + t] = row2[3];
        let row3 = transform(g0[3], g1[3], g2[3]);
        u[12u * params.count + t] = row3[0];
        u[13u * params.count + t] = row3[1];
        u[14u * params.count + t] = row3[2];
        u[15u * params.count + t] = row3[3];
      }
      "
    `);
  });

  it('the inner loop of a product', () => {
    const operands = { X_IN_OUTPUT: 0, ADDEND: 0, AFFINE: 0, RESIDUAL: 0, HALF_WEIGHTS: 0 };
    const { code } = kernelVariant(gemmKernel, { CHANNELS: 2, PIXELS: 2, TAPS: 0, ...operands });
    expect(code.slice(code.indexOf('for (var k'), code.indexOf('// Registers'))).toMatchInlineSnapshot(`
      "for (var k = 0u; k < params.inChannels; k++) {
            let v0 = source(at0, addendAt0);
            at0 += params.xChannelStride;
            addendAt0 += params.xChannelStride;
            let v1 = source(at1, addendAt1);
            at1 += params.xChannelStride;
            addendAt1 += params.xChannelStride;
            let w0 = f32(weight[weightAt + m0 * params.weightOutStride]);
            sum0_0 += w0 * v0;
            sum0_1 += w0 * v1;
            let w1 = f32(weight[weightAt + m1 * params.weightOutStride]);
            sum1_0 += w1 * v0;
            sum1_1 += w1 * v1;
            weightAt += params.weightInStride;
          }
        }

        "
    `);
  });
});
