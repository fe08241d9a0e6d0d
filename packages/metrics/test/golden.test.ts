import { CURVE_NAMES, evaluateMap, type MapScores } from '@infnet/metrics';
import { loadGolden } from '@infnet/testing';
import { describe, expect, it } from 'vitest';

interface Case {
  readonly case: string;
  readonly variant: 'float' | 'u8';
  readonly shape: readonly [number, number];
  readonly smeasure: number;
  readonly mae: number;
}
const golden = await loadGolden<{ cases: Case[]; aggregates: Record<string, Record<string, number | null>> }>(
  'metrics/metrics',
);
const shipped = golden.f64('thresholds');

function close(actual: number, expected: number | null, what: string): void {
  if (expected === null || Number.isNaN(expected)) expect(actual, what).toBeNaN();
  else expect(Math.abs(actual - expected), `${what}: ${actual} instead of ${expected}`).toBeLessThanOrEqual(1e-9);
}
function scoresOf(item: Case, thresholds?: Float64Array): MapScores {
  const map = item.variant === 'float' ? golden.f32(`${item.case}/pred`) : golden.u8(`${item.case}/pred_u8`);
  const [height, width] = item.shape;
  return evaluateMap(map, golden.u8(`${item.case}/mask`), { width, height, thresholds });
}

describe('each map', () => {
  it.each(golden.json.cases.map((c) => [c.case, c.variant, c] as const))('%s, %s', (name, variant, item) => {
    const scores = scoresOf(item, shipped);
    const curves = golden.f64(`${name}/${variant}/curves`);
    CURVE_NAMES.forEach((curve, row) => {
      scores.curves[curve].forEach((value, t) => {
        close(value, curves[row * 256 + t]!, `${curve} at ${t}`);
      });
    });
    close(scores.sMeasure, item.smeasure, 'S');
    close(scores.mae, item.mae, 'MAE');
  });
});
