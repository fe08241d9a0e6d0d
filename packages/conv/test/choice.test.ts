/** Which kernel is taken where: by device, shape, precision and memory. */
import { DEFAULT_LIMITS, DEFAULT_PROFILE, type DeviceProfile } from '@infnet/core';
import { ADAPTER_TRAITS } from '@infnet/core/kernels';
import { describe, expect, it } from 'vitest';
import { variantName } from '../src/algorithm.js';
import { forwardGather, inputGradientGather } from '../src/forward/gather.js';
import { WEIGHT_GRADIENTS } from '../src/gradient/weight-registry.js';
import { geometryOfCase, type ReferenceCase } from './reference.js';
import { chosen } from './support.js';

const devices = {
  gpu: DEFAULT_PROFILE,
  llvmpipe: { ...DEFAULT_PROFILE, traits: ADAPTER_TRAITS.llvmpipe, subgroupSize: 8 },
  swiftshader: { ...DEFAULT_PROFILE, traits: ADAPTER_TRAITS.swiftshader, subgroupSize: 4 },
  plain: { ...DEFAULT_PROFILE, traits: ADAPTER_TRAITS.swiftshader, subgroupSize: 0 },
} satisfies Record<string, DeviceProfile>;

const pointwise: ReferenceCase = { input: [1, 64, 44, 44], weight: [104, 64, 1, 1] };
const square: ReferenceCase = { input: [1, 52, 44, 44], weight: [52, 52, 3, 3], padding: 1 };
const strided: ReferenceCase = { ...square, stride: 2 };
const depthwise: ReferenceCase = { input: [1, 64, 44, 44], weight: [64, 1, 3, 3], padding: 1, groups: 64 };
const oneMap: ReferenceCase = { input: [1, 64, 44, 44], weight: [1, 64, 3, 3], padding: 1 };

describe('the algorithm of a convolution', () => {
  it.each([
    ['gpu', pointwise, 'gemm-tiled'],
    ['gpu', square, 'gemm-tiled'],
    ['gpu', depthwise, 'direct'],
    ['llvmpipe', pointwise, 'gemm-subgroup'],
    ['llvmpipe', square, 'gemm-subgroup'],
    ['llvmpipe', oneMap, 'direct'],
    ['llvmpipe', depthwise, 'direct'],
    ['swiftshader', pointwise, 'gemm-subgroup'],
    ['swiftshader', square, 'winograd2'],
    ['swiftshader', strided, 'gemm-subgroup'],
    ['plain', pointwise, 'gemm'],
    ['plain', square, 'winograd2'],
  ] as const)('%s, %o: %s', (device, test, algorithm) => {
    expect(chosen(forwardGather(geometryOfCase(test)), devices[device], 'exact')).toBe(algorithm);
  });

  it('is the noisier Winograd only where precision is "fast"', () => {
    expect(chosen(forwardGather(geometryOfCase(square)), devices.swiftshader, 'fast')).toBe('winograd4');
    expect(chosen(forwardGather(geometryOfCase(square)), devices.llvmpipe, 'fast')).toBe('winograd4');
  });

  it.each([
    [[1, 104, 22, 22], 'winograd2', 'winograd2'],
    [[1, 208, 11, 11], 'gemm-subgroup', 'gemm-subgroup'],
    [[1, 26, 88, 88], 'gemm-subgroup', 'gemm-subgroup'],
    [[8, 208, 11, 11], 'winograd2', 'winograd4'],
  ] as const)(
    'on llvmpipe is Winograd only where its products save more than its transforms cost: %j',
    (input, exact, fast) => {
      const gather = forwardGather(geometryOfCase({ input, weight: [input[1], input[1], 3, 3], padding: 1 }));
      expect(chosen(gather, devices.llvmpipe, 'exact')).toBe(exact);
      expect(chosen(gather, devices.llvmpipe, 'fast')).toBe(fast);
    },
  );

  it('is no Winograd where its scratch memory would not fit, or its tiles would be mostly empty', () => {
    const small = { ...devices.swiftshader, limits: { ...DEFAULT_LIMITS, maxStorageBufferBindingSize: 2 ** 20 } };
    expect(chosen(forwardGather(geometryOfCase(square)), small, 'exact')).toBe('gemm-subgroup');
    const tiny = forwardGather(geometryOfCase({ ...square, input: [1, 52, 1, 1] }));
    expect(chosen(tiny, devices.swiftshader, 'fast')).toBe('gemm-subgroup');
  });

  it('is the same for the input gradient of stride 1', () => {
    expect(chosen(inputGradientGather(geometryOfCase(square)), devices.swiftshader, 'exact')).toBe('winograd2');
    expect(chosen(inputGradientGather(geometryOfCase(strided)), devices.swiftshader, 'exact')).toBe('gemm-subgroup');
  });
});

describe('the algorithm of a weight gradient', () => {
  const chosenWeightGradient = (test: ReferenceCase, device: DeviceProfile): string =>
    variantName(WEIGHT_GRADIENTS.choose({ geometry: geometryOfCase(test), device }));

  it.each([
    ['gpu', square, 'tiled'],
    ['llvmpipe', square, 'subgroup'],
    ['plain', square, 'plain'],
    ['gpu', depthwise, 'single'],
  ] as const)('%s, %o: %s', (device, test, algorithm) => {
    expect(chosenWeightGradient(test, devices[device])).toBe(algorithm);
  });

  it('needs no padded copy where that would not fit', () => {
    const small = { ...devices.llvmpipe, limits: { ...DEFAULT_LIMITS, maxStorageBufferBindingSize: 2 ** 18 } };
    expect(chosenWeightGradient(square, small)).toBe('tiled');
  });
});
