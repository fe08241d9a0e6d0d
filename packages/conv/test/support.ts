/** What the tests of convolution share: cases, variants, and where data comes from. */
import type { Context } from '@infnet/core';
import { evaluate, type HostTensor, open, type PlanOptions } from '@infnet/core';
import { fill } from '@infnet/testing';
import type { ConvolutionAlgorithm } from '../src/index.js';
import type { ReferenceCase } from './reference.js';

export const openQuietly = (): Promise<Context> => open({ onMessage: () => {} });

/** Every algorithm that this device can run; `gemm-subgroup` only where subgroups have one size. */
export function gatherAlgorithms(context: Context): readonly ConvolutionAlgorithm[] {
  const all = ['gemm', 'gemm-subgroup', 'gemm-tiled', 'direct'] as const;
  return all.filter((algorithm) => algorithm !== 'gemm-subgroup' || context.profile.subgroupSize > 0);
}

export const random = (
  name: string,
  shape: readonly number[],
): HostTensor & { readonly data: Float32Array<ArrayBuffer> } => ({
  shape,
  data: fill(
    name,
    shape.reduce((a, b) => a * b, 1),
  ),
});

/** Weights whose sums have about the size of their inputs. */
export function weights(
  name: string,
  shape: readonly number[],
): HostTensor & { readonly data: Float32Array<ArrayBuffer> } {
  const [count, ...rest] = shape;
  const fanIn = rest.reduce((a, b) => a * b, 1);
  return { shape, data: fill(name, (count as number) * fanIn, Math.sqrt(3 / fanIn)) };
}

export const label = ({ input, weight, stride, padding, dilation, groups }: ReferenceCase): string =>
  `[${input}] * [${weight}]` +
  Object.entries({ stride, padding, dilation, groups })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key} ${value}`)
    .join('');

/** Runs a traced function and gives the data of its only output. */
export async function compute(
  context: Context,
  fn: Parameters<typeof evaluate>[1],
  inputs: Readonly<Record<string, HostTensor>>,
  options?: PlanOptions,
): Promise<Float32Array> {
  const { output } = await evaluate(context, fn, inputs, options);
  return output?.data as Float32Array;
}
