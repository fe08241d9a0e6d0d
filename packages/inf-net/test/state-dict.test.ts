/** Names, shapes and order of every state-dict entry of the four reference nets, and what follows from them. */
import { hasFixture, itWithGolden, readFixtureJson } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { type BackboneName, InfNet, parameterCount, UNet } from '../src/index.js';
import { type NetSidecar, specOf } from './support.js';

const NETS = {
  inf_net_res2net: { golden: 'nets/inf_net_res2net_1x3x64x64', make: () => new InfNet() },
  inf_net_resnet50: { golden: 'nets/inf_net_resnet50_1x3x96x96', make: () => new InfNet({ backbone: 'resnet50' }) },
  inf_net_vgg16: { golden: 'nets/inf_net_vgg16_1x3x96x96', make: () => new InfNet({ backbone: 'vgg16' }) },
  inf_net_unet: { golden: 'nets/inf_net_unet_1x6x96x96', make: () => new UNet() },
} as const;

type Checksums = Record<string, { tensors: Record<string, [role: string, shape: readonly number[], bits: number]> }>;
const CHECKSUMS = 'golden/recipe/checksums.json';

for (const [name, { golden, make }] of Object.entries(NETS)) {
  describe(name, () => {
    itWithGolden<NetSidecar>('has every key of the reference, with its shape, in its order', golden, ({ json }) => {
      expect(specOf(make())).toEqual(Object.entries(json.params));
    });

    itWithGolden<NetSidecar>('has as many parameters as the reference', golden, ({ json }) => {
      expect(parameterCount(make(), { unused: true })).toBe(json.parameter_count);
    });

    const missing = hasFixture(CHECKSUMS) ? '' : ` (skipped: ../shared/${CHECKSUMS} is not here)`;
    it.skipIf(missing !== '')(`trains what the recipe lists as weights and biases${missing}`, async () => {
      const { tensors } = (await readFixtureJson<Checksums>(CHECKSUMS))[name] as Checksums[string];
      const statistics = new Set(['bn_rm', 'bn_rv']);
      const expected = Object.entries(tensors).map(([key, [role]]) => [
        key,
        statistics.has(role) ? 'buffer' : 'parameter',
      ]);
      const listed = make()
        .parameters()
        .filter(({ name: key }) => !key.endsWith('num_batches_tracked'));
      expect(listed.map(({ name: key, role }) => [key, role])).toEqual(expected);
    });
  });
}

describe('numbers of parameters', () => {
  it.each<[string, () => InfNet | UNet, number, number]>([
    ['res2net50', () => new InfNet(), 33_121_721, 31_072_721],
    ['resnet50', () => new InfNet({ backbone: 'resnet50' }), 30_911_401, 30_911_401],
    // Without the second copies of stages 4 and 5.
    ['vgg16', () => new InfNet({ backbone: 'vgg16' }), 34_278_057, 34_278_057 - (256 + 5 * 512) * 512 * 9 - 6 * 512],
    ['unet', () => new UNet(), 17_269_251, 17_269_251],
  ])('%s', (_name, make, all, used) => {
    expect(parameterCount(make(), { unused: true })).toBe(all);
    expect(parameterCount(make())).toBe(used);
  });

  it('names every parameter once', () => {
    for (const backbone of ['res2net50', 'res2net101', 'resnet50', 'vgg16'] satisfies BackboneName[]) {
      const names = new InfNet({ backbone, width: 0.25 }).parameters().map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});
