/** Classes of adapters: which one an adapter is of, and what their traits say. */
import { describe, expect, it } from 'vitest';
import { traitsOf } from '../src/context/adapters/index.js';
import { DEFAULT_PROFILE } from '../src/index.js';
import { ADAPTER_TRAITS, readsAgain, sharesWorkgroupMemory } from '../src/kernels.js';

describe('the class of an adapter', () => {
  it.each([
    ['Google SwiftShader Subzero', 4, 'swiftshader'],
    ['mesa llvmpipe (LLVM 19, 256 bits)', 8, 'llvmpipe'],
    // Without AVX2 it has subgroups of 4, and no rule that was measured with 8 holds.
    ['mesa llvmpipe (LLVM 19, 128 bits)', 4, 'swiftshader'],
    ['Microsoft Basic Render Driver', 0, 'swiftshader'],
    ['nvidia hopper', 32, 'gpu'],
    ['apple metal-3', 0, 'gpu'],
  ] as const)('"%s" with subgroups of %i: %s', (text, subgroupSize, name) => {
    expect(traitsOf(text, subgroupSize)).toBe(ADAPTER_TRAITS[name]);
    expect(ADAPTER_TRAITS[name].name).toBe(name);
  });

  it('decides what is shared and what is read again', () => {
    expect(DEFAULT_PROFILE.traits).toBe(ADAPTER_TRAITS.gpu);
    const judged = Object.values(ADAPTER_TRAITS).map((traits) => [sharesWorkgroupMemory(traits), readsAgain(traits)]);
    expect(judged).toEqual([
      [true, true],
      [false, false],
      [false, false],
    ]);
  });

  it('is plain data, which a worker can be sent', () => {
    for (const traits of Object.values(ADAPTER_TRAITS)) expect(structuredClone(traits)).toEqual(traits);
  });
});
