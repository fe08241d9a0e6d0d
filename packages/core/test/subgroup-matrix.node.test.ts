/**
 * Matrix units are asked of an adapter only with the flag. On Dawn's null backend, which has the feature and computes
 * nothing.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import { create } from 'webgpu';
import { contextOn } from '../src/context/open.js';
import { type Context, fromDevice, type OpenOptions } from '../src/index.js';
import { chooseSubgroupMatrix, SUBGROUP_MATRIX_FEATURE } from '../src/kernels.js';

const FEATURES = new Set([SUBGROUP_MATRIX_FEATURE, 'subgroups', 'shader-f16']);
const config = (componentType: string, resultComponentType: string, M: number, N: number, K: number) => ({
  componentType,
  resultComponentType,
  M,
  N,
  K,
});
/** Some of what cards list. */
const NVIDIA = [
  config('f16', 'f16', 16, 16, 16),
  config('f16', 'f32', 16, 8, 8),
  config('f16', 'f32', 16, 16, 16),
  config('f16', 'f32', 16, 8, 16),
  config('i8', 'i32', 16, 16, 32),
];
const APPLE = [config('f32', 'f32', 8, 8, 8), config('f16', 'f16', 8, 8, 8)];
const lanes = (subgroupMinSize: number, subgroupMaxSize = subgroupMinSize) => ({ subgroupMinSize, subgroupMaxSize });

describe('the matrices of an adapter', () => {
  it('are the largest of float16 with float32 sums', () => {
    const found = chooseSubgroupMatrix(FEATURES, { ...lanes(32), subgroupMatrixConfigs: NVIDIA });
    expect(found).toEqual({ M: 16, N: 16, K: 16, subgroupSize: 32 });
  });

  it.each([
    ['float16 sums only', FEATURES, { ...lanes(32), subgroupMatrixConfigs: APPLE }, /f16 to f16 8x8x8/],
    ['no sizes', FEATURES, lanes(32), /it has none/],
    [
      'sides that no tile has',
      FEATURES,
      { ...lanes(32), subgroupMatrixConfigs: [config('f16', 'f32', 12, 16, 16)] },
      /12x16x16/,
    ],
    ['subgroups of several sizes', FEATURES, { ...lanes(8, 32), subgroupMatrixConfigs: NVIDIA }, /8 to 32 lanes/],
    ['no float16', new Set([SUBGROUP_MATRIX_FEATURE, 'subgroups']), lanes(32), /shader-f16/],
    ['no such feature', new Set<string>(), lanes(32), /chromium-experimental-subgroup-matrix/],
  ] as const)('are none, with the reason, where there is/are %s', (_, features, info, reason) => {
    expect(chooseSubgroupMatrix(features, info)).toMatch(reason);
  });
});

// Dawn's GPU must live as long as its devices.
let gpu: GPU;
beforeAll(() => {
  gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
});

/** Opens the null backend as if it were a card; `asked` are the features that were requested of it. */
async function opened(
  options: OpenOptions,
  subgroupMatrixConfigs = NVIDIA,
): Promise<{ context: Context; asked: string[] }> {
  const real = (await gpu.requestAdapter()) as GPUAdapter;
  const asked: string[] = [];
  const adapter = {
    features: real.features,
    limits: real.limits,
    info: { vendor: '', architecture: '', device: '', description: '', ...lanes(32), subgroupMatrixConfigs },
    requestDevice: (descriptor: GPUDeviceDescriptor) => {
      asked.push(...(descriptor.requiredFeatures ?? []));
      return real.requestDevice(descriptor);
    },
  } as unknown as GPUAdapter;
  const { experimental = {} } = options;
  const platform = { adapter, kind: 'gpu', software: false, message: 'null', experimental };
  return { context: await contextOn(platform, options), asked };
}

describe('open', () => {
  it('asks for no matrices without the flag', async () => {
    const { context, asked } = await opened({});
    expect(asked).toContain('shader-f16');
    expect(asked).not.toContain(SUBGROUP_MATRIX_FEATURE);
    expect(context.device.features.has(SUBGROUP_MATRIX_FEATURE)).toBe(false);
    expect(context.profile.subgroupMatrix).toBeUndefined();
    context.dispose();
  });

  it('asks for them with it', async () => {
    const { context, asked } = await opened({ experimental: { subgroupMatrix: true } });
    expect(asked).toContain(SUBGROUP_MATRIX_FEATURE);
    expect(context.profile).toMatchObject({ hasF16: true, subgroupMatrix: { M: 16, N: 16, K: 16, subgroupSize: 32 } });
    context.useTuning(undefined);
    expect(context.profile.subgroupMatrix).toBeDefined();
    context.dispose();
  });

  it('says why there are none, and goes on without', async () => {
    const said: string[] = [];
    const options = { experimental: { subgroupMatrix: true }, onMessage: (line: string) => said.push(line) };
    const { context, asked } = await opened(options, APPLE);
    expect(said).toEqual([
      'null',
      expect.stringMatching(
        /^infnet: subgroup matrices \(experimental\) are not to be had: none .* fits: f32 to f32 8x8x8/,
      ),
    ]);
    expect(asked).not.toContain(SUBGROUP_MATRIX_FEATURE);
    expect(context.profile.subgroupMatrix).toBeUndefined();
    context.dispose();
  });

  it('leaves those of a borrowed device alone without the flag', async () => {
    const { context: owner } = await opened({ experimental: { subgroupMatrix: true } });
    const said: string[] = [];
    const onMessage = (line: string): unknown => said.push(line);
    const plain = fromDevice(owner.device, { onMessage });
    expect(plain.profile.subgroupMatrix).toBeUndefined();
    expect(said).toEqual([]);
    // The null backend itself lists no sizes.
    const flagged = fromDevice(owner.device, { onMessage, experimental: { subgroupMatrix: true } });
    expect(flagged.profile.subgroupMatrix).toBeUndefined();
    expect(said).toHaveLength(1);
    owner.dispose();
  });
});
