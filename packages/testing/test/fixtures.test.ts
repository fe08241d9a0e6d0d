import { describe, expect, it } from 'vitest';
import {
  goldenNote,
  hasFixture,
  hasGolden,
  itWithGolden,
  listFixtures,
  loadGolden,
  projection,
  readFixture,
  sizeOf,
} from '../src/index.js';

interface NetSidecar {
  outputs: Record<string, { shape: number[]; proj: number }>;
}

describe('fixtures', () => {
  it('knows what is here and says what is not', () => {
    expect(hasGolden('ops/relu')).toBe(true);
    expect(goldenNote('ops/relu')).toBe('');
    expect(hasGolden('ops/no_such_operator')).toBe(false);
    expect(goldenNote('ops/no_such_operator')).toBe(' (skipped: ../shared/golden/ops/no_such_operator is not here)');
  });

  it('reads every golden of the operators, shapes and sizes agreeing', async () => {
    const names = listFixtures('golden/ops/').filter((path) => path.endsWith('.safetensors'));
    // The official code's; the operators' own goldens stand beside them.
    expect(names.length).toBeGreaterThanOrEqual(19);
    for (const name of names) {
      const golden = await loadGolden(name.slice('golden/'.length, -'.safetensors'.length));
      expect(golden.tensors.size).toBeGreaterThan(0);
      for (const { shape, data } of golden.tensors.values()) expect(data.length).toBe(sizeOf(shape));
    }
  });

  it('gives relu the right numbers', async () => {
    const golden = await loadGolden<{ cases: { case: string }[] }>('ops/relu');
    for (const { case: name } of golden.json.cases) {
      const y = golden.f32(`${name}/y`);
      expect([...golden.f32(`${name}/x`)].map((x) => Math.max(0, x))).toEqual([...y]);
    }
  });

  itWithGolden<NetSidecar>('agrees with the projections of a net', 'nets/inf_net_res2net_1x3x64x64', (golden) => {
    for (const [name, { shape, proj }] of Object.entries(golden.json.outputs)) {
      expect(golden.shape(name)).toEqual(shape);
      expect(projection(golden.f32(name))).toBeCloseTo(proj, 4);
    }
  });

  it('reads other files and float64, bytes, booleans', async () => {
    expect([...(await readFixture('golden/checkpoints/small_zip.pth')).slice(0, 2)]).toEqual([0x50, 0x4b]);
    const metrics = await loadGolden('metrics/metrics');
    const dtypes = new Set([...metrics.tensors.values()].map((tensor) => tensor.dtype));
    expect(dtypes.has('F64')).toBe(true);
  });

  it('a missing tensor and a missing file are named', async () => {
    const golden = await loadGolden('ops/relu');
    expect(() => golden.get('nothing')).toThrow(/no tensor 'nothing'; it has /);
    expect(hasFixture('golden/nothing.json')).toBe(false);
    await expect(readFixture('golden/nothing.json')).rejects.toThrow(/INFNET_SHARED/);
  });
});
