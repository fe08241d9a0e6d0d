/** NaN, infinities and other hard numbers in a function of single values, and in its gradient. */
import { type Context, evaluate, gradients, type Tensor, type TraceResult } from '@infnet/core';

/** Values that a function must take as PyTorch does. */
export const HARD_NUMBERS: readonly number[] = [
  ...[Number.NaN, Infinity, -Infinity, 0, -0, 1.5, -2, 90, -90],
  ...[3e38, -3e38, 1e-20, 0.25, -0.5, 7, Number.NaN],
];

/** Differences in kind (NaN, an infinity, a number), and of numbers beyond float32's rounding. */
export function hardDifferences(found: ArrayLike<number>, expected: readonly number[]): string[] {
  const scale = Math.max(0, ...expected.filter((v) => Math.abs(v) < 1e6).map(Math.abs));
  return expected.flatMap((v, i) => {
    const got = found[i] as number;
    const close = Number.isFinite(v) && Math.abs(got - v) <= 2e-5 * Math.max(Math.abs(v), 0.1 * scale) + 1e-30;
    return Object.is(got, v) || close || got === v ? [] : [`[${i}] ${got}, it should be ${v}`];
  });
}

/**
 * Computes {@link HARD_NUMBERS} alone, where it is fused with what follows, and again with its gradient.
 *
 * The walk over hard numbers (`test/hostile`) looks for this call in the tests of packages: a function that is given
 * here by its name needs no case there.
 *
 * @param reference value and slope in float64, as PyTorch has them
 * @returns what differs; empty when nothing does
 */
export async function checkHardNumbers(
  context: Context,
  compute: (x: Tensor) => Tensor,
  reference: (x: number) => readonly [value: number, slope: number],
): Promise<string[]> {
  const shape = [1, 2, 2, HARD_NUMBERS.length / 4];
  const x = { shape, data: Float32Array.from(HARD_NUMBERS) };
  const upstream = Float32Array.from(HARD_NUMBERS, (_, i) => 0.5 + i / 10);
  const expected = Array.from(x.data, (value) => reference(value));
  const values = expected.map(([value]) => value);
  const alone = await evaluate(context, ({ x }) => ({ y: compute(x) }), { x });
  const both = await evaluate(
    context,
    ({ x, g }): TraceResult => {
      const y = compute(x);
      const [d] = gradients([{ output: y, gradient: g }], [x]);
      return d === undefined ? { y } : { y, d };
    },
    { x, g: { shape, data: upstream } },
  );
  const slopes = expected.map(([, slope], i) => slope * (upstream[i] as number));
  return [
    ['alone', alone['y']?.data ?? [], values] as const,
    ['with a gradient', both['y']?.data ?? [], values] as const,
    ['gradient', both['d']?.data ?? [], slopes] as const,
  ].flatMap(([what, found, right]) => hardDifferences(found, right).map((line) => `${what}: ${line}`));
}
