import { type Context, evaluate, gradients, type Tensor } from '@infnet/core';
import { expectClose, type Golden, goldenNote, hasGolden, loadGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conv2d } from '../src/index.js';
import { openQuietly } from './support.js';

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

describe("conv2d equals the reference's", () => {
  for (const { case: name, torch, params } of golden?.json.cases ?? []) {
    const { bias, ...options } = params;
    const of = (tensor: string): { shape: readonly number[]; data: Float32Array } => {
      const { shape, data } = (golden as Golden<Sidecar>).get(`${name}/${tensor}`);
      return { shape, data: data as Float32Array };
    };
    const inputs = { x: of('x'), w: of('w'), ...(bias && { b: of('b') }), g: of('g_y') };

    it(`${name}: ${torch}`, async () => {
      const results = await evaluate(
        context,
        ({ x, w, b, g }: Readonly<Record<string, Tensor>>) => {
          const y = conv2d(x as Tensor, w as Tensor, b, options);
          const targets = { d_x: x, d_w: w, ...(bias && { d_b: b }) } as Record<string, Tensor>;
          const found = gradients([{ output: y, gradient: g as Tensor }], Object.values(targets)) as Tensor[];
          return { y, ...Object.fromEntries(Object.keys(targets).map((key, i) => [key, found[i] as Tensor])) };
        },
        inputs,
        { precision: 'exact' },
      );
      for (const [key, { data }] of Object.entries(results)) expectClose(data, of(key).data, TOLERANCE, key);
      expect(Object.keys(results)).toHaveLength(bias ? 4 : 3);
    });
  }
  if (golden === undefined) it.skip(`all cases${goldenNote(GOLDEN)}`, () => {});
});
