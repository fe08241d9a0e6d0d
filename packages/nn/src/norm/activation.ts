/** The activation that a norm applies to its result, as its kernels' constants and parameters name it. */
import { MOST_EPS, requireBetween } from '@infnet/core';

/** Of relu 0, of leakyRelu its slope, which is at least 0; undefined: none. */
export type Slope = number | undefined;

/** RELU and LEAKY of activation.part.wgsl. */
export function activationConstants(slope: Slope): { readonly RELU: number; readonly LEAKY: number } {
  return { RELU: Number(slope === 0), LEAKY: Number(slope !== undefined && slope !== 0) };
}

/** `slope` where the kernel has it. */
export function activationParams(slope: Slope, where: string): Readonly<Record<string, number>> {
  if (slope === undefined || slope === 0) return {};
  requireBetween(slope, 0, MOST_EPS, 'the slope', where);
  return { slope };
}
