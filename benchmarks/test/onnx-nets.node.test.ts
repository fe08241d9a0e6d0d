/** Whole nets: exported, run by onnxruntime's CPU provider, compared with ours. */

import { exportOnnx } from '@infnet/checkpoint';
import { type Context, initialValues, type Module, open, type StateDict, type Tensor, trace } from '@infnet/core';
import { InfNet, type InfNetOptions, UNet } from '@infnet/inf-net';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { compareWithOrt, hostTensor, itWithOrt, relativeDifference, runOrt } from './support/onnxruntime.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** Seeded weights, with statistics that are not 0 and 1, so that batch norm has something to do. */
function stateOf(net: Pick<Module, 'parameters'>): StateDict {
  return new Map(
    net.parameters().map((parameter, i) => {
      const { name, shape, role } = parameter;
      const values = Float32Array.from(initialValues(parameter, 7));
      const noise = hostTensor([values.length], i + 1).data as Float32Array;
      const of = (value: number, k: number): number => value + 0.1 * (noise[k] as number);
      return [name, { shape, data: role === 'buffer' ? values.map(of) : values }];
    }),
  );
}

describe('Inf-Net', () => {
  const check = (title: string, options: InfNetOptions, shape: readonly [number, number, number, number]): void =>
    itWithOrt(title, async () => {
      const net = new InfNet({ width: 0.25, channels: 8, ...options });
      const graph = trace(({ image }: { readonly image: Tensor }) => net.call(image), { image: shape });
      await compareWithOrt(context, graph, { image: hostTensor(shape) }, stateOf(net));
    });
  check('Res2Net-50, 96 x 96', {}, [1, 3, 96, 96]);
  check('Res2Net-50, two images of 64 x 96', {}, [2, 3, 64, 96]);
  check('ResNet-50, 96 x 96', { backbone: 'resnet50' }, [1, 3, 96, 96]);
  check('VGG-16, 80 x 96', { backbone: 'vgg16' }, [1, 3, 80, 96]);
});

describe('U-Net', () => {
  const check = (title: string, shape: readonly [number, number, number, number]): void =>
    itWithOrt(title, async () => {
      const net = new UNet({ width: 0.125 });
      const graph = trace(({ image }: { readonly image: Tensor }) => net.call(image), { image: shape });
      await compareWithOrt(context, graph, { image: hostTensor(shape) }, stateOf(net));
    });
  check('96 x 96', [1, 6, 96, 96]);
  check('two images of 51 x 75, odd at every level', [2, 6, 51, 75]);
});

describe('an open batch size', () => {
  itWithOrt('runs one and three images with one file', async () => {
    const net = new InfNet({ width: 0.125, channels: 4 });
    const state = stateOf(net);
    const file = (batch: number, dynamicBatch: boolean): Uint8Array => {
      const forward = ({ image }: { readonly image: Tensor }): { readonly map: Tensor } => ({
        map: net.call(image).lateralMap2,
      });
      return exportOnnx(trace(forward, { image: [batch, 3, 64, 64] }), state, { dynamicBatch });
    };
    const three = hostTensor([3, 3, 64, 64]);
    const expected = await runOrt(file(3, false), { image: three });
    const found = await runOrt(file(1, true), { image: three });
    expect(found['map']?.shape).toEqual([3, 1, 64, 64]);
    expect(relativeDifference(found['map']?.data as Float32Array, expected['map']?.data as Float32Array)).toBeLessThan(
      1e-6,
    );
  });
});
