/** Ours on matrix units as a peer, as far as it goes without a card. */
import { type Context, open } from '@infnet/core';
import { isLong } from '@infnet/testing';
import { describe, expect, it, vi } from 'vitest';
import { relativeL2 } from '../src/peers/alternate.js';
import { matrixCases } from '../src/peers/cases.js';
import { InfnetPeer, type InfnetPeerOptions } from '../src/peers/infnet.js';
import { traceWorkload } from '../src/peers/workloads.js';

/** An adapter that says it has them, and computes them itself. */
async function emulated(): Promise<Context> {
  const context = await open({ onMessage: () => {} });
  const subgroupMatrix = { M: 16, N: 16, K: 16, subgroupSize: 32, emulated: true };
  const profile = { ...context.profile, subgroupMatrix };
  vi.spyOn(context, 'profile', 'get').mockReturnValue(profile);
  return context;
}

describe('matrix units as a peer', () => {
  it('say why they cannot on an adapter without them', async () => {
    const peer = new InfnetPeer({ precision: 'half', matrixUnits: true });
    await expect(peer.load()).rejects.toThrow(/subgroup matrices .* are not to be had.*subgroup-matrix/s);
  });

  it('are compared at batch 1 and 8, quick at 1', () => {
    const options = { size: 64, batch: 1, quick: false };
    expect(matrixCases(options).map(({ title }) => title)).toEqual([
      'forward 1x3x64x64, damped',
      'forward 8x3x64x64, damped',
    ]);
    expect(matrixCases({ ...options, quick: true })).toHaveLength(1);
  });

  it('compute the net within half precision, and say how many dispatches ran on them', async ({ skip }) => {
    const context = await emulated();
    skip(!context.profile.hasF16 || !isLong, 'needs shader-f16 and minutes');
    const workload = { kind: 'forward', net: 'inf-net', batch: 1, size: 32, damped: true } as const;
    const outputOf = async (options: InfnetPeerOptions) => {
      const peer = new InfnetPeer(options);
      const { description } = await peer.load();
      const running = await peer.prepare(workload, traceWorkload(workload));
      await running.release();
      return { description, note: running.note, output: running.results['output'] as Float32Array };
    };
    const exact = await outputOf({ precision: 'exact' });
    const matrix = await outputOf({ precision: 'half', matrixUnits: true, openContext: async () => context });
    context.dispose();
    expect(exact.note).toBeUndefined();
    expect(matrix.description).toContain('matrix units of 16 x 16 x 16');
    expect(Number(/^(\d+) dispatches on matrix units$/.exec(matrix.note ?? '')?.[1])).toBeGreaterThan(100);
    expect(relativeL2(matrix.output, exact.output)).toBeLessThan(2e-2);
  });
});
