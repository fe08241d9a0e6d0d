/** Algorithms as values: choice, a tuner's table, candidates and names all follow from the registry. */
import { expect, it } from 'vitest';
import { type Algorithm, Registry, sizesOf, sizesUpTo, variantName } from '../src/algorithm.js';
import { GATHER_KERNELS } from '../src/forward/algorithm.js';
import { KERNELS } from '../src/forward/registry.js';

type Problem = { readonly size: number; readonly device: { readonly tuning?: Readonly<Record<string, string>> } };
const made = (name: string, least: number, own: Partial<Algorithm<Problem>> = {}): Algorithm<Problem> => ({
  name,
  fits: () => true,
  suits: ({ size }) => size >= least,
  tiles: () => [undefined],
  hasTile: () => false,
  ...own,
});
const registry = new Registry(
  [
    made('plain', 0),
    made('tiled', 10, {
      tiles: () => [
        [2, 4],
        [8, 8],
      ],
      hasTile: sizesUpTo(8, 8),
    }),
    made('never', 0, { fits: () => false }),
    made('huge', 100),
  ],
  ({ size }: Problem) => `problem ${size}`,
  (name) => `the way ${name}`,
);
const chosen = (size: number, tuning?: Readonly<Record<string, string>>): string =>
  variantName(registry.choose({ size, device: { ...(tuning && { tuning }) } }));

it('takes the last that fits and suits, or what a table says', () => {
  expect([1, 10, 100].map((size) => chosen(size))).toEqual(['plain', 'tiled', 'huge']);
  expect(chosen(1, { 'problem 1': 'tiled/8x8', 'problem 2': 'huge' })).toBe('tiled/8x8');
});

it.each(['tiled', 'tiled/1x1', 'never', 'tiled/8x8/8x8', 'faster'])('a table may not say %s', (name) => {
  expect(chosen(100, { 'problem 100': name })).toBe('huge');
});

it('names the own choice first, and every try once', () => {
  const names = (size: number) => registry.candidates({ size, device: {} });
  expect(names(1)).toEqual({ key: 'problem 1', names: ['plain', 'tiled/2x4', 'tiled/8x8', 'huge'] });
  expect(names(10).names).toEqual(['tiled', 'plain', 'tiled/2x4', 'tiled/8x8', 'huge']);
});

it.each(['tiled', 'tiled/1x8', 'never'])('knows %s by name', (name) => {
  expect(variantName(registry.named(name))).toBe(name);
});

it.each([
  ['tiled/9x1', 'the kernel tiled has no tile 9x1'],
  ['tiled/01x8', 'the kernel tiled has no tile 01x8'],
  ['tiled/2', 'the kernel tiled has no tile 2'],
  ['plain/2x2', 'the kernel plain has no tile 2x2'],
  ['nonsense', 'the way nonsense needs a name that is known, which this device does not have'],
])('refuses %s', (name, message) => {
  expect(() => registry.named(name)).toThrow(
    expect.objectContaining({ code: 'KERNEL_UNAVAILABLE', message: expect.stringContaining(message) }),
  );
});

it('tests tiles by lists and by limits', () => {
  expect([[32, 8], [32, 9], [32]].map(sizesOf([32, 64], [8, 16]))).toEqual([true, false, false]);
  expect(
    [
      [99, 1],
      [100, 1],
      [0, 1],
      [1.5, 1],
    ].map(sizesUpTo(99, 9)),
  ).toEqual([true, false, false, false]);
});

it('every kernel of one dispatch that can be asked for by name is there', () => {
  expect(KERNELS.algorithms.map(({ name }) => name).sort()).toEqual([...GATHER_KERNELS].sort());
});
