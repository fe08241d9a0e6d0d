/** The step that measures matrix units on a card, as far as it goes without one. */
import type { Context } from '@infnet/core';
import { open } from '@infnet/core';
import { isLong } from '@infnet/testing';
import { describe, expect, it, vi } from 'vitest';
import { matrixLines, measure, run } from '../src/matrix.js';

const quietly = (): Promise<Context> => open({ onMessage: () => {} });

describe('the step for matrix units', () => {
  it('says why it cannot on an adapter without them, and so does the table', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const found = await run({ size: 32, quick: true });
    vi.restoreAllMocks();
    expect(found.cannot).toContain('the adapter does not offer chromium-experimental-subgroup-matrix');
    expect(matrixLines(found).join(' ')).toMatch(/cannot; infnet: subgroup matrices .* are not to be had/);
    expect(matrixLines(undefined).join(' ')).toContain('not measured');
  });

  it('measures variants beside exact, and counts what ran on matrix units', async ({ skip }) => {
    using plain = await quietly();
    skip(!plain.profile.hasF16 || !isLong, 'needs shader-f16 and minutes');
    using flagged = await quietly();
    const subgroupMatrix = { M: 16, N: 16, K: 16, subgroupSize: 32, emulated: true };
    const profile = { ...flagged.profile, subgroupMatrix };
    vi.spyOn(flagged, 'profile', 'get').mockReturnValue(profile);
    const found = await measure({ plain, flagged, size: 32, batches: [1], rounds: 1 });
    const { exact, half, 'half on matrix units': matrix } = found.cases?.[0]?.variants ?? {};
    expect(exact).toMatchObject({ error: 0, onMatrixUnits: 0 });
    expect(half).toMatchObject({ precision: 'half', onMatrixUnits: 0, said: [] });
    expect(matrix).toMatchObject({ precision: 'half', said: [] });
    expect(matrix?.onMatrixUnits).toBeGreaterThan(100);
    expect(matrix?.error).toBeLessThan(2e-2);
    expect(matrixLines(found)).toHaveLength(6);
  });

  it('makes a table with the error, the time and the reason for going on without', () => {
    const wall = { median: 0.004, smallest: 0.003, largest: 0.005, runs: 15 };
    const said = ['infnet: subgroup matrices (experimental) are not used: value 3 is 1'];
    const of = (onMatrixUnits: number) => ({ precision: 'half' as const, error: 0.00123, wall, onMatrixUnits, said });
    const text = matrixLines({
      matrix: { M: 16, N: 8, K: 16, subgroupSize: 32 },
      cases: [{ batch: 8, size: 352, variants: { half: of(0), 'half on matrix units': of(131) } }],
    }).join('\n');
    expect(text).toContain('16 x 8 x 16');
    expect(text).toMatch(/8x3x352x352 +half on matrix units +4\.00 \(3\.00 to 5\.00\) +1\.2e-3 +131/);
    expect(text.split('value 3 is 1')).toHaveLength(2);
  });
});
