/** What a forward costs, from schedules: no GPU is touched. */
import {
  DEFAULT_PROFILE,
  type DeviceProfile,
  type Module,
  type Precision,
  type Schedule,
  schedule,
  type Tensor,
  type TraceResult,
  trace,
} from '@infnet/core';
import { ADAPTER_TRAITS } from '@infnet/core/kernels';
import { describe, expect, it } from 'vitest';
import { convolutionCosts, InfNet, UNet } from '../src/index.js';

/** A CPU adapter like SwiftShader, where 3x3 convolutions are Winograd's and add while they transform their input. */
const CPU: DeviceProfile = { ...DEFAULT_PROFILE, traits: ADAPTER_TRAITS.swiftshader, subgroupSize: 4 };
const MIB = 2 ** 20;

function scheduleOf(
  net: Module<readonly [Tensor], TraceResult>,
  shape: readonly number[],
  device: DeviceProfile,
  precision?: Precision,
): Schedule {
  return schedule(
    trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: shape }),
    { device, ...(precision && { precision }) },
  );
}

/** Number of nodes of each operator that is not a view, after fusion. */
function operators({ dispatches }: Schedule): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operator, kernel } of dispatches) {
    const what = operator.endsWith('onv2d') ? 'convolution' : kernel.name;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

describe('Inf-Net in inference', () => {
  const net = new InfNet();
  const shape = [1, 3, 352, 352] as const;

  it('runs convolutions, which do every batch norm, relu and residual sum, and 40 other passes, 52 at precision exact', () => {
    const plan = scheduleOf(net, shape, CPU);
    const traced = convolutionCosts(plan.graph).length;
    expect(plan.nodes.filter(({ operator }) => /conv2d$/i.test(operator.name))).toHaveLength(traced);
    const names = new Set(plan.nodes.map(({ operator }) => operator.name));
    for (const absorbed of ['batchNorm2d', 'fusedBatchNorm2d', 'relu', 'addRelu'])
      expect(names).not.toContain(absorbed);
    const { convolution, ...rest } = operators(plan);
    expect(convolution).toBeGreaterThanOrEqual(traced);
    const passes = {
      'nn/pool': 8,
      'res2net/split-step': 12,
      'nn/bilinear': 12,
      'partial-decoder/product': 2,
      'reverse-attention/reverse-attention': 3,
      'reverse-attention/add-resized': 3,
    };
    expect(rest).toEqual(passes);
    const { convolution: _, ...exact } = operators(scheduleOf(net, shape, CPU, 'exact'));
    // The second sums of the Res2Net blocks: an exact convolution would lose by adding as it loads.
    expect(exact).toEqual({ ...passes, 'nn/binary': 12 });
  });

  it('copies nothing: the last split of the 12 normal Res2Net blocks moves in the pass of the first sum', () => {
    for (const device of [DEFAULT_PROFILE, CPU]) {
      const { dispatches } = scheduleOf(net, shape, device);
      expect(dispatches.filter(({ kernel }) => kernel.name === 'nn/copy')).toEqual([]);
      const steps = dispatches.filter(({ operator }) => operator === 'splitStep');
      expect(steps).toHaveLength(12);
      expect(steps.every(({ scope }) => /^resnet\.layer\d\.[1-9]$/.test(scope))).toBe(true);
    }
  });

  it('fits: 30 MiB of activations on GPUs, 62 MiB on CPU adapters, whose convolutions transform; 119 MiB of parameters', () => {
    const [gpu, cpu] = [DEFAULT_PROFILE, CPU].map((device) => scheduleOf(net, shape, device).memory);
    expect(gpu?.activations).toBeLessThan(30 * MIB);
    expect(cpu?.activations).toBeLessThan(62 * MIB);
    for (const memory of [gpu, cpu]) {
      // 31,072,721 weights and the running statistics, without the classifier.
      expect(memory?.parameters).toBeLessThan(119 * MIB);
      expect(memory?.activations).toBeLessThan(1.6 * (memory?.activationsLowerBound ?? 0));
    }
  });

  it('computes only what is asked for: the prediction alone needs four resizes less', () => {
    const forward = ({ x }: { readonly x: Tensor }): Tensor => net.call(x).lateralMap2;
    const one = operators(schedule(trace(forward, { x: shape }), { device: CPU }));
    expect(one['nn/bilinear']).toBe(8);
  });
});

describe('the U-Net in inference', () => {
  it('is 19 convolutions, 4 pools, 4 resizes, and no copy', () => {
    const plan = scheduleOf(new UNet(), [1, 6, 352, 352], CPU);
    expect(plan.nodes.filter(({ operator }) => /conv2d$/i.test(operator.name))).toHaveLength(19);
    const { convolution, ...rest } = operators(plan);
    expect(convolution).toBeGreaterThanOrEqual(19);
    expect(rest).toEqual({ 'nn/pool': 4, 'nn/bilinear': 4 });
  });
});
