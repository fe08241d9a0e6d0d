/** JSON with every number. */
import { expect, it } from 'vitest';
import { readJson, writeJson } from '../src/index.js';

it('gives back numbers that JSON does not have, and texts that look like them', () => {
  const value = {
    numbers: [Number.NaN, Infinity, -Infinity, -0, 0, 1e-320, 0.1 + 0.2],
    texts: ['NaN', '~NaN', '~~-0', '-Infinity', 'Infinity and more', '', '~'],
    nested: { Infinity: { deep: -Infinity } },
    none: null,
  };
  const back = readJson(writeJson(value)) as typeof value;
  expect(back).toEqual(value);
  expect(Object.is(back.numbers[3], -0)).toBe(true);
  expect(JSON.parse(writeJson(value, 2)).numbers.slice(0, 5)).toEqual(['NaN', 'Infinity', '-Infinity', '-0', 0]);
});
