/** Random convolutions for property tests: small, and odd in every way. */
import fc from 'fast-check';
import type { ReferenceCase } from './reference.js';

const pair = (values: readonly number[]): fc.Arbitrary<readonly [number, number]> =>
  fc.tuple(fc.constantFrom(...values), fc.constantFrom(...values));

/** Any stride, padding, dilation and groups; the output is never empty. */
export const gatherCases: fc.Arbitrary<ReferenceCase> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    size: pair([1, 2, 3, 5, 7, 8, 11, 14]),
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    inPerGroup: fc.constantFrom(1, 2, 3, 5, 8, 26),
    outPerGroup: fc.constantFrom(1, 2, 4, 7, 9, 17),
    kernel: fc.oneof(pair([1]), pair([3]), pair([1, 3, 5])),
    stride: fc.oneof(pair([1]), pair([1, 2, 3])),
    padding: pair([0, 1, 2, 3]),
    dilation: fc.oneof(pair([1]), pair([1, 2, 3])),
  })
  .filter(({ size, kernel, padding, dilation }) =>
    [0, 1].every((axis) => {
      const [s, k, p, d] = [size[axis], kernel[axis], padding[axis], dilation[axis]] as [
        number,
        number,
        number,
        number,
      ];
      return s + 2 * p >= d * (k - 1) + 1;
    }),
  )
  .map(({ batch, size, groups, inPerGroup, outPerGroup, kernel, ...options }) => ({
    input: [batch, inPerGroup * groups, ...size],
    weight: [outPerGroup * groups, inPerGroup, ...kernel],
    groups,
    ...options,
  }));

/** 3 x 3 convolutions of stride 1. */
export const winogradCases: fc.Arbitrary<ReferenceCase> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    size: pair([1, 2, 3, 4, 5, 6, 8, 11, 14]),
    inChannels: fc.constantFrom(1, 3, 8, 26),
    outChannels: fc.constantFrom(1, 5, 9, 26),
    padding: pair([0, 1, 2]),
  })
  .filter(({ size, padding }) => [0, 1].every((axis) => (size[axis] as number) + 2 * (padding[axis] as number) >= 3))
  .map(({ batch, size, inChannels, outChannels, padding }) => ({
    input: [batch, inChannels, ...size],
    weight: [outChannels, inChannels, 3, 3],
    padding,
  }));
