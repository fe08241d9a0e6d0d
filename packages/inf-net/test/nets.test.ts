/** Every net of the goldens, whole, in inference. The 352 x 352 net is in nets-352.node.test.ts. */
import { type Context, open } from '@infnet/core';
import { itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { InfNet, UNet } from '../src/index.js';
import { runGolden } from './run-golden.js';
import { type NetSidecar, OUTPUTS } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

describe('the nets give the numbers of the reference', () => {
  for (const name of ['inf_net_res2net_1x3x64x64', 'inf_net_res2net_2x3x96x96']) {
    itWithGolden<NetSidecar>(`Inf-Net, Res2Net-50: ${name}`, `nets/${name}`, async (golden) => {
      await runGolden(context, new InfNet(), golden, OUTPUTS);
    });
  }

  itWithGolden<NetSidecar>('Inf-Net, ResNet-50', 'nets/inf_net_resnet50_1x3x96x96', async (golden) => {
    await runGolden(context, new InfNet({ backbone: 'resnet50' }), golden, OUTPUTS);
  });

  itWithGolden<NetSidecar>('Inf-Net, VGG-16', 'nets/inf_net_vgg16_1x3x96x96', async (golden) => {
    await runGolden(context, new InfNet({ backbone: 'vgg16' }), golden, OUTPUTS);
  });

  for (const name of ['inf_net_unet_1x6x96x96', 'inf_net_unet_1x6x88x104']) {
    itWithGolden<NetSidecar>(`U-Net: ${name}`, `nets/${name}`, async (golden) => {
      await runGolden(context, new UNet(), golden, { logits: 'output' });
    });
  }
});
