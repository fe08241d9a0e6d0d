import { describe, expect, it } from 'vitest';
import {
  bitSum,
  discMask,
  edgeMap,
  fnv1a32,
  image,
  type ParamRole,
  param,
  projection,
  readFixtureJson,
  roleOf,
  u,
} from '../src/index.js';

interface Vectors {
  u: Record<string, { fnv1a32: number; u0_4: number[] }>;
  param: Record<string, { role: ParamRole; shape: number[]; gain: number; first5_bits: number[] }>;
  image: Record<string, { bits_sum: number }>;
}
type Checksums = Record<string, { gain: number; tensors: Record<string, [ParamRole, number[], number]> }>;

const vectors = await readFixtureJson<Vectors>('golden/recipe/vectors.json');
const checksums = await readFixtureJson<Checksums>('golden/recipe/checksums.json');

describe('recipe', () => {
  it.each(Object.entries(vectors.u))('stream %s', (name, expected) => {
    expect(fnv1a32(name)).toBe(expected.fnv1a32);
    expect(expected.u0_4.map((_, i) => u(name, i))).toEqual(expected.u0_4);
  });

  it.each(Object.entries(vectors.param))('parameter %s', (name, { role, shape, gain, first5_bits }) => {
    const bits = new Uint32Array(param(name, shape, role, gain).buffer);
    const count = Math.min(5, bits.length);
    expect([...bits.slice(0, count)]).toEqual(first5_bits.slice(0, count));
  });

  it.each(Object.entries(vectors.image))('image %s', (nameAndShape, { bits_sum }) => {
    const space = nameAndShape.indexOf(' ');
    expect(bitSum(image(nameAndShape.slice(0, space), JSON.parse(nameAndShape.slice(space + 1))))).toBe(bits_sum);
  });

  it.each(Object.entries(checksums))('every parameter of %s', (_, { gain, tensors }) => {
    const wrong = Object.entries(tensors)
      .filter(([key, [role, shape, sum]]) => bitSum(param(key, shape, role, gain)) !== sum)
      .map(([key]) => key);
    expect(wrong).toEqual([]);
  });

  it.each(Object.entries(checksums))('roles of %s follow from its keys', (_, { tensors }) => {
    const keys = new Set(Object.keys(tensors));
    const wrong = Object.entries(tensors).filter(([key, [role, shape]]) => roleOf(key, shape, keys) !== role);
    expect(wrong).toEqual([]);
  });
});

describe('masks', () => {
  it('a disc of diameter 4 on 6x6, and its inner edge', () => {
    const mask = discMask([[5, 5, 18]], 6, 6);
    expect([...mask].filter((v) => v === 1)).toHaveLength(16);
    const edge = edgeMap(mask, 6, 6);
    const rows = Array.from({ length: 6 }, (_, y) => [...edge.slice(y * 6, y * 6 + 6)].join(''));
    expect(rows).toEqual(['000000', '011110', '010010', '010010', '011110', '000000']);
  });

  it('a mask that touches the border has no edge there', () => {
    expect([...edgeMap(new Float32Array(4).fill(1), 2, 2)]).toEqual([0, 0, 0, 0]);
  });
});

it('the projection tells a permutation apart', () => {
  const values = [1, 2, 3, 4];
  expect(projection(values)).not.toBeCloseTo(projection([2, 1, 3, 4]), 3);
  expect(projection(values)).toBe(values.reduce((sum, v, i) => sum + v * u('proj', i), 0));
});
