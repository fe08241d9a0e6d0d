import type { Context } from '@infnet/core';
import { expectClose, loadGolden, hasGolden, goldenNote } from '@infnet/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { conv2d } from '../src/index.js';
import { compute, openQuietly } from './support.js';

interface Sidecar {
  readonly cases: readonly {
    readonly case: string;
    readonly torch: string;
    readonly params: {
      readonly stride: [number, number];
      readonly padding: [number, number];
      readonly dilation: [number, number];
      readonly groups: number;
      readonly bias: boolean;
    };
  }[];
}

const GOLDEN = 'ops/conv2d';
const TOLERANCE = { relL2: 5e-6 };
const golden = hasGolden(GOLDEN) ? await loadGolden<Sidecar>(GOLDEN) : undefined;

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

describe('conv2d equals the reference\'s', () => {
  for (const { case: name, torch, params } of golden?.json.cases ?? []) {
    const { bias, ...options } = params;
    const of = (tensor: string): { shape: readonly number[]; data: Float32Array } => {
      const { shape } = golden?.get(`${name}/${tensor}`) as { shape: readonly number[] };
      return { shape, data: golden?.f32(`${name}/${tensor}`) as Float32Array };
    };
    const inputs = { x: of('x'), w: of('w'), ...(bias && { b: of('b') }) };

    it(`${name}: ${torch}`, async () => {
      const y = await compute(context, (t) => conv2d(t['x'] as never, t['w'] as never, t['b'], options), inputs);
      expectClose(y, of('y').data, TOLERANCE, 'y');
    });
  }
  if (golden === undefined) it.skip(`all cases${goldenNote(GOLDEN)}`, () => {});
});
