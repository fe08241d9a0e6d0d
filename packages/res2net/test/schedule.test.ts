/** What blocks and backbones cost, from schedules: no GPU is touched. */
import {
  DEFAULT_PROFILE,
  type DeviceProfile,
  type Schedule,
  type ScheduleOptions,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { ADAPTER_TRAITS } from '@infnet/core/kernels';
import { describe, expect, it } from 'vitest';
import { Res2NetBlock, type Res2NetBlockOptions, res2net50 } from '../src/index.js';

/** A CPU adapter like SwiftShader, where 3x3 convolutions are Winograd's and add while they transform their input. */
const CPU: DeviceProfile = { ...DEFAULT_PROFILE, traits: ADAPTER_TRAITS.swiftshader, subgroupSize: 4 };

function scheduleOf(
  inputs: number,
  planes: number,
  block: Res2NetBlockOptions,
  options: ScheduleOptions = {},
): Schedule {
  const module = new Res2NetBlock(inputs, planes, block);
  return schedule(
    trace(({ x }: { readonly x: Tensor }) => module.call(x), { x: [1, inputs, 32, 32] }),
    options,
  );
}

/** Number of dispatches by what they do; the dispatches of one convolution count as one. */
function count({ nodes, dispatches }: Schedule): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (what: string): number => (counts[what] = (counts[what] ?? 0) + 1);
  for (const { operator } of nodes) if (operator.name === 'fusedConv2d') add('convolution');
  for (const { kernel } of dispatches) if (!kernel.name.startsWith('conv/')) add(kernel.name);
  return counts;
}

describe('what a Res2Net block runs in inference', () => {
  it('normal: five convolutions, the first sum with the last split in one pass, and no copy', () => {
    const expected = { convolution: 5, 'res2net/split-step': 1 };
    for (const device of [DEFAULT_PROFILE, CPU, { ...CPU, traits: ADAPTER_TRAITS.llvmpipe, subgroupSize: 8 }]) {
      // The second sum is a pass where the convolution would lose by adding as it loads.
      const { 'nn/binary': sums = 0, ...rest } = count(scheduleOf(256, 64, {}, { device }));
      expect(sums).toBeLessThanOrEqual(1);
      expect(rest).toEqual(expected);
    }
  });

  it('stage, stride 1: the shortcut, and the pool of the last split, straight into its range; no copy', () => {
    for (const device of [DEFAULT_PROFILE, CPU]) {
      expect(count(scheduleOf(64, 64, { type: 'stage' }, { device }))).toEqual({ convolution: 6, 'nn/pool': 1 });
    }
  });

  it('stage, stride 2: the shortcut has a pool too', () => {
    for (const device of [DEFAULT_PROFILE, CPU]) {
      expect(count(scheduleOf(256, 128, { type: 'stage', stride: 2 }, { device }))).toEqual({
        convolution: 6,
        'nn/pool': 2,
      });
    }
  });

  it('moves one split and adds another between the convolutions, in five accesses per value', () => {
    const { dispatches } = scheduleOf(256, 64, {}, { device: CPU });
    const step = dispatches.find(({ operator }) => operator === 'splitStep');
    expect(step?.bytes).toBe(5 * 4 * 26 * 32 * 32);
    expect(step?.constants).toEqual({ PREVIOUS_IN: 1 });
  });

  it('reads splits and writes results in place: input, splits, joined results and output are all there is', () => {
    const { allocations, memory } = scheduleOf(256, 64, {});
    const map = 4 * 32 * 32;
    // Alive at once at most: the input, kept for the shortcut, the joined results, and the output or the splits with a
    // sum.
    expect(memory.activationsLowerBound).toBe(map * (256 + 104 + 256));
    expect(allocations.length).toBeLessThanOrEqual(4);
  });

  it('operator by operator it is eighteen dispatches', () => {
    const plain = scheduleOf(256, 64, {}, { fusion: false });
    expect(plain.dispatches.filter(({ operator }) => operator === 'batchNorm2d')).toHaveLength(5);
    expect(plain.dispatches).toHaveLength(18);
  });
});

describe('what a backbone runs in inference', () => {
  const net = res2net50();
  const graph = trace(({ x }: { readonly x: Tensor }) => ({ ...net.call(x) }), { x: [1, 3, 352, 352] });

  it('87 convolutions, 8 pools, 12 steps of the ladder; no batch norm, relu or copy', () => {
    const { 'nn/binary': _secondSums, ...rest } = count(schedule(graph, { device: CPU }));
    expect(rest).toEqual({ convolution: 87, 'nn/pool': 8, 'res2net/split-step': 12 });
  });

  it('the classifier takes no memory', () => {
    const unused = net.parameters().filter((parameter) => parameter.unused && parameter.name.startsWith('fc'));
    expect(unused.map(({ name, shape }) => [name, shape])).toEqual([
      ['fc.weight', [1000, 2048]],
      ['fc.bias', [1000]],
    ]);
    const names = [...schedule(graph).parameters.keys()].map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('fc'))).toEqual([]);
  });

  it('activations are at most 1.6 times what is alive at once', () => {
    const { memory } = schedule(graph, { device: CPU });
    expect(memory.activations).toBeLessThan(1.6 * memory.activationsLowerBound);
    expect(memory.activations).toBeLessThan(0.25 * memory.activationsWithoutReuse);
  });
});
