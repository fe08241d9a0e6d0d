import {
  CURVE_NAMES,
  type CurveName,
  defaultThresholds,
  evaluateMap,
  evaluateSet,
  type MapScores,
  meanDice,
} from '@infnet/metrics';
import { loadGolden } from '@infnet/testing';
import { describe, expect, it } from 'vitest';

type Curve = Record<`mean_${CurveName}` | `max_${CurveName}`, number | null>;
interface Case extends Curve {
  readonly case: string;
  readonly variant: 'float' | 'u8';
  readonly shape: readonly [number, number];
  readonly smeasure: number;
  readonly mae: number;
}
interface Aggregate extends Curve {
  readonly images: readonly number[];
  readonly Sm: number;
  readonly MAE: number;
}

const golden = await loadGolden<{
  cases: Case[];
  aggregates: Record<string, Aggregate>;
  main_m_mat_values: Record<string, number | null>;
}>('metrics/metrics');
const shipped = golden.f64('thresholds');
const { cases, aggregates, main_m_mat_values: octave } = golden.json;

/** Within 1e-9; null and NaN want NaN. */
function close(actual: number, expected: number | null | undefined, what: string): void {
  if (expected === undefined) throw new Error(`the golden has no ${what}`);
  const wanted = expected ?? Number.NaN;
  const same = Number.isNaN(wanted) ? Number.isNaN(actual) : Math.abs(actual - wanted) <= 1e-9;
  if (!same) expect.fail(`${what}: ${actual} instead of ${wanted}`); // 80 000 comparisons: no expect() for each
}

/** How the names of scores spell a curve. */
const SPELLING = {
  precision: 'Precision',
  sensitivity: 'Sensitivity',
  specificity: 'Specificity',
  dice: 'Dice',
  fmeasure: 'FMeasure',
  iou: 'Iou',
  emeasure: 'EMeasure',
} as const;

function mapOf(item: Case): Float32Array | Uint8Array {
  return item.variant === 'float' ? golden.f32(`${item.case}/pred`) : golden.u8(`${item.case}/pred_u8`);
}

function scoresOf(item: Case, thresholds?: Float64Array): MapScores {
  const [height, width] = item.shape;
  return evaluateMap(mapOf(item), golden.u8(`${item.case}/mask`), { width, height, thresholds });
}

describe('each map of the reference, curves and scores to 1e-9, NaN where it has NaN', () => {
  it.each(cases.map((item) => [item.case, item.variant, item] as const))('%s, %s', (name, variant, item) => {
    const scores = scoresOf(item, shipped);
    const curves = golden.f64(`${name}/${variant}/curves`);
    CURVE_NAMES.forEach((curve, row) => {
      expect(scores.curves[curve]).toHaveLength(256);
      scores.curves[curve].forEach((value, t) => {
        close(value, curves[row * 256 + t], `${curve} at ${t}`);
      });
      close(scores[`mean${SPELLING[curve]}`], item[`mean_${curve}`], `mean ${curve}`);
      close(scores[`max${SPELLING[curve]}`], item[`max_${curve}`], `max ${curve}`);
    });
    close(scores.sMeasure, item.smeasure, 'S');
    close(scores.mae, item.mae, 'MAE');
    expect(meanDice(mapOf(item), golden.u8(`${name}/mask`), { thresholds: shipped })).toBe(scores.meanDice);
  });
});

describe('aggregates of the reference to 1e-9', () => {
  it.each(Object.keys(aggregates))('%s', (key) => {
    const wanted = aggregates[key]!;
    const [variant, set, exact] = key.split('/');
    const images = cases.filter((item) => item.variant === variant).filter((_, i) => wanted.images.includes(i));
    expect(images).toHaveLength(wanted.images.length);
    const thresholds = exact === undefined ? shipped : undefined;
    const scores = evaluateSet(
      images.map((item) => scoresOf(item, thresholds)),
      { bootstrap: false },
    );
    close(scores.sMeasure, wanted.Sm, 'S');
    close(scores.mae, wanted.MAE, 'MAE');
    for (const curve of CURVE_NAMES) {
      close(scores[`mean${SPELLING[curve]}`], wanted[`mean_${curve}`], `mean ${curve}`);
      close(scores[`max${SPELLING[curve]}`], wanted[`max_${curve}`], `max ${curve}`);
      if (exact !== undefined) continue;
      const column = golden.f64(`aggregate/${variant}/${set}/column_${curve}`);
      scores.curves[curve].forEach((value, t) => {
        close(value, column[t], `${curve} at ${t}`);
      });
    }
  });

  it('what the MATLAB script itself saved for the 8-bit maps', () => {
    const images = cases.filter((item) => item.variant === 'u8').map((item) => scoresOf(item, shipped));
    const scores = evaluateSet(images, { bootstrap: false });
    close(scores.meanDice, octave['meanDic'], 'meanDic');
    close(scores.maxDice, octave['maxDic'], 'maxDic');
    close(scores.meanSensitivity, octave['meanSen'], 'meanSen');
    close(scores.maxSensitivity, octave['maxSen'], 'maxSen');
    close(scores.meanSpecificity, octave['meanSpe'], 'meanSpe');
    close(scores.maxSpecificity, octave['maxSpe'], 'maxSpe');
    close(scores.meanEMeasure, octave['meanEm'], 'meanEm');
    close(scores.maxEMeasure, octave['maxEm'], 'maxEm');
    close(scores.sMeasure, octave['Sm'], 'Sm');
    close(scores.mae, octave['mae'], 'mae');
  });
});

it('the default thresholds are the k/255 of the reference, to the bit; the shipped ones are others', () => {
  expect(defaultThresholds()).toEqual(Array.from(golden.f64('thresholds_k_over_255')));
  expect(defaultThresholds().filter((t, i) => t === shipped[i])).toHaveLength(152);
});

it('a lesion in the last column has no S-measure in the reference, and has one with sane conventions', () => {
  // 20 x 20, rows 5..8 of the last column: the right-hand rectangles are empty.
  const mask = Uint8Array.from({ length: 400 }, (_, i) => (i % 20 === 19 && i >= 100 && i < 180 ? 255 : 0));
  const options = { width: 20, height: 20 };
  expect(evaluateMap(mask, mask, options).sMeasure).toBeNaN();
  expect(evaluateMap(mask, mask, { ...options, conventions: 'sane' }).sMeasure).toBeCloseTo(1, 8);
});
