import { expect, it } from 'vitest';
import { type Arrays, fill, gradcheck } from '../src/index.js';

const inputs = { a: fill('a', 50), b: fill('b', 50) };
const upstream = [fill('g', 50)];
const weight = upstream[0] as Float32Array;
/** y = a^2 b, so d_a = 2 a b g and d_b = a^2 g. */
const forward = ({ a, b }: Arrays): Float32Array[] => [a?.map((x, i) => x * x * (b?.[i] ?? 0)) ?? new Float32Array()];
const dA = inputs.a.map((x, i) => 2 * x * (inputs.b[i] as number) * (weight[i] as number));
const dB = inputs.a.map((x, i) => x * x * (weight[i] as number));

it('accepts right gradients and gives the figures', async () => {
  const rows = await gradcheck({ inputs, forward, upstream, gradients: { a: dA, b: dB } });
  expect(rows).toHaveLength(6);
  expect(Math.max(...rows.map(({ error }) => error))).toBeLessThan(1e-4);
});

it('refuses a gradient with one wrong element, and names it', async () => {
  const wrong = dA.slice();
  wrong[17] = (wrong[17] as number) + 0.05;
  await expect(gradcheck({ inputs, forward, upstream, gradients: { a: wrong, b: dB } })).rejects.toThrow(
    /d_a, direction 0/,
  );
});

it('refuses a permuted gradient, NaN, and a missing upstream', async () => {
  const permuted = dB.slice().reverse();
  await expect(gradcheck({ inputs, forward, upstream, gradients: { b: permuted } })).rejects.toThrow(/d_b/);
  const nan = dB.map(() => Number.NaN);
  await expect(gradcheck({ inputs, forward, upstream, gradients: { b: nan } })).rejects.toThrow(/d_b/);
  await expect(gradcheck({ inputs, forward, upstream: [], gradients: { b: dB } })).rejects.toThrow(/upstream/);
});
