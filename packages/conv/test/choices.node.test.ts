/**
 * What is chosen for the shapes of the nets, on every class of adapter, at every precision, in every direction: one
 * table, choices.txt. It changes only where a choice is meant to change.
 */
import {
  DEFAULT_LIMITS,
  DEFAULT_PROFILE,
  type DeviceProfile,
  gradients,
  type Precision,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { ADAPTER_TRAITS } from '@infnet/core/kernels';
import { expect, it } from 'vitest';
import { conv2d } from '../src/index.js';
import { Net } from './half-support.js';
import type { ReferenceCase } from './reference.js';

const CPU: DeviceProfile = { ...DEFAULT_PROFILE, traits: ADAPTER_TRAITS.swiftshader, hasF16: true };
export const adapters: Readonly<Record<string, DeviceProfile>> = {
  gpu: DEFAULT_PROFILE,
  card: {
    ...DEFAULT_PROFILE,
    hasF16: true,
    subgroupSize: 32,
    subgroupMatrix: { M: 16, N: 16, K: 16, subgroupSize: 32 },
  },
  llvmpipe: { ...CPU, traits: ADAPTER_TRAITS.llvmpipe, subgroupSize: 8 },
  swiftshader: { ...CPU, subgroupSize: 4 },
  'no subgroups': CPU,
  'little memory': {
    ...CPU,
    traits: ADAPTER_TRAITS.llvmpipe,
    subgroupSize: 8,
    limits: { ...DEFAULT_LIMITS, maxStorageBufferBindingSize: 2 ** 18 },
  },
};

const square = (batch: number, channels: number, side: number, out = channels): ReferenceCase => ({
  input: [batch, channels, side, side],
  weight: [out, channels, 3, 3],
  padding: 1,
});
export const shapes: readonly ReferenceCase[] = [
  { input: [1, 3, 352, 352], weight: [64, 3, 7, 7], padding: 3, stride: 2 },
  { input: [4, 3, 352, 352], weight: [32, 3, 3, 3], padding: 1, stride: 2 },
  square(1, 32, 176, 64),
  square(1, 26, 88),
  square(2, 52, 44),
  square(1, 64, 88),
  square(1, 96, 44),
  square(1, 104, 22),
  square(1, 208, 11),
  square(8, 208, 11),
  square(1, 256, 44, 64),
  square(4, 512, 22),
  square(1, 15, 44),
  square(1, 16, 5),
  square(1, 64, 44, 1),
  square(1, 32, 1),
  { ...square(1, 128, 44), stride: 2 },
  { ...square(1, 32, 44), padding: 7, dilation: 7 },
  { ...square(1, 32, 44), padding: [2, 1] },
  { input: [1, 32, 44, 44], weight: [32, 32, 1, 7], padding: [0, 3] },
  { input: [1, 64, 88, 88], weight: [104, 64, 1, 1] },
  { input: [4, 256, 88, 88], weight: [512, 256, 1, 1], stride: 2 },
  { input: [1, 2048, 11, 11], weight: [32, 2048, 1, 1] },
  { input: [1, 8, 2, 2], weight: [8, 8, 1, 1] },
  { input: [1, 64, 44, 44], weight: [64, 1, 3, 3], padding: 1, groups: 64 },
  { input: [1, 64, 44, 44], weight: [64, 8, 3, 3], padding: 1, groups: 8 },
  { input: [1, 64, 44, 44], weight: [128, 32, 3, 3], padding: 1, groups: 2 },
];

const PRECISIONS: readonly Precision[] = ['exact', 'fast', 'half'];

/** Kernels in their order, with what makes their tiles. */
function chosen(graph: ReturnType<typeof trace>, device: DeviceProfile, precision: Precision): string {
  const { constantDispatches, dispatches } = schedule(graph, { precision, device });
  const names = [...constantDispatches, ...dispatches].map(({ kernel, constants, workgroups }) => {
    const tile = ['CHANNELS', 'PIXELS', 'COLUMNS', 'UNROLL', 'TILE', 'TILE_M', 'TILE_N', 'TILE_K', 'TAPS'].flatMap(
      (name) => (constants[name] === undefined ? [] : [constants[name]]),
    );
    return `${kernel.name.replace('conv/', '')}${tile.length > 0 ? `/${tile.join('x')}` : ''} [${workgroups}]`;
  });
  return names.join(', ');
}

it('is what the table says', async () => {
  const lines: string[] = [];
  for (const { input, weight, ...options } of shapes) {
    const net = new Net(weight, ({ weight }, x) => conv2d(x, weight, undefined, options));
    const forward = trace(({ x }) => net.call(x), { x: input });
    const [y] = forward.outputs.values();
    const directions = ['input gradient', 'weight gradient'].map((name, i) => {
      const graph = trace(
        ({ x, w, g }) =>
          gradients(
            [{ output: conv2d(x as Tensor, w as Tensor, undefined, options), gradient: g as Tensor }],
            [[x as Tensor, w as Tensor][i] as Tensor],
          )[0] as Tensor,
        { x: input, w: weight, g: (y as Tensor).shape },
      );
      return [name, graph] as const;
    });
    lines.push('', `${input} * ${weight} ${JSON.stringify(options)}`);
    for (const [direction, graph] of [['forward', forward] as const, ...directions]) {
      const rows = new Map<string, string[]>();
      for (const [name, device] of Object.entries(adapters)) {
        const row = PRECISIONS.map((precision) => chosen(graph, device, precision));
        const same = row.every((choice) => choice === row[0]);
        const text = same ? (row[0] as string) : row.map((choice, i) => `${PRECISIONS[i]} ${choice}`).join('\n      ');
        rows.set(text, [...(rows.get(text) ?? []), name]);
      }
      lines.push(`  ${direction}`);
      for (const [text, names] of rows)
        lines.push(`    ${names.join(', ')}:${text.includes('\n') ? '\n      ' : ' '}${text}`);
    }
  }
  await expect(`${lines.slice(1).join('\n')}\n`).toMatchFileSnapshot('choices.txt');
});
