/** Every net of the goldens, whole, in inference. The 352 x 352 net is in nets-352.test.ts. */
import { type Context, open } from '@infnet/core';
import { BitRecord, isLong, itWithGolden, longNote } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InfNet, UNet } from '../src/index.js';
import { FAST, GoldenNet } from './run-golden.js';
import { type NetSidecar, OUTPUTS } from './support.js';

let context: Context;
const res2net = new GoldenNet(() => new InfNet(), OUTPUTS);
const resnet = new GoldenNet(() => new InfNet({ backbone: 'resnet50' }), OUTPUTS);
const vgg = new GoldenNet(() => new InfNet({ backbone: 'vgg16' }), OUTPUTS);
const unet = new GoldenNet(() => new UNet(), { logits: 'output' });

type Net = readonly [title: string, golden: string, net: GoldenNet];

const NETS: readonly Net[] = [
  ['Inf-Net, Res2Net-50, 64 x 64', 'nets/inf_net_res2net_1x3x64x64', res2net],
  ['U-Net, 88 x 104, which has odd sizes inside', 'nets/inf_net_unet_1x6x88x104', unet],
];
const LONG: readonly Net[] = [
  ['Inf-Net, Res2Net-50, two images of 96 x 96', 'nets/inf_net_res2net_2x3x96x96', res2net],
  ['Inf-Net, ResNet-50, 96 x 96', 'nets/inf_net_resnet50_1x3x96x96', resnet],
  ['Inf-Net, VGG-16, 96 x 96', 'nets/inf_net_vgg16_1x3x96x96', vgg],
  ['U-Net, 96 x 96', 'nets/inf_net_unet_1x6x96x96', unet],
];

beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  for (const net of [res2net, resnet, vgg, unet]) net[Symbol.dispose]();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
  context.dispose();
});

const bits = new BitRecord('nets');

describe('the nets give the numbers of the reference', () => {
  for (const [title, path, net] of isLong ? [...NETS, ...LONG] : NETS) {
    itWithGolden<NetSidecar>(title, path, async (golden) => {
      const { differences, outputs } = await net.run(context, golden, { precision: 'exact' });
      bits.add(path, outputs);
      const fast = await net.run(context, golden, { precision: 'fast' }, FAST);
      bits.add(`${path} fast`, fast.outputs);
      expect(Object.keys(differences).length).toBeGreaterThan(0);
    });
  }

  if (!isLong) for (const [title] of LONG) it.skip(title + longNote, () => {});

  bits.settle(() => context.adapter.kind, ['nets/inf_net_res2net_1x3x64x64', ...NETS.map(([, path]) => path)]);
});
