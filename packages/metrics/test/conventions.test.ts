import { binaryScores, type Conventions, evaluateMap, evaluateSet } from '@infnet/metrics';
import { describe, expect, it } from 'vitest';

const size = { width: 4, height: 3, stretch: false };
const fill = (value: number): number[] => Array.from({ length: 12 }, () => value);
const one = (value: number): number[] => fill(0).map((v, i) => (i === 5 ? value : v));
const score = (map: number[], mask: number[], conventions: Conventions) =>
  evaluateMap(map, mask, { ...size, conventions });

describe('an empty mask', () => {
  it('and an empty prediction: zero as released, the best score with sane conventions', () => {
    const released = score(fill(0), fill(0), 'as-released');
    expect([released.dice, released.iou, released.sensitivity, released.specificity, released.precision]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    const sane = score(fill(0), fill(0), 'sane');
    expect([sane.dice, sane.iou, sane.precision, sane.specificity]).toEqual([1, 1, 1, 1]);
    expect(sane.sensitivity).toBeNaN();
    expect(sane.maxEMeasure).toBe(1);
    expect(released.sMeasure).toBe(1);
  });

  it('and a false alarm: Dice 0, specificity falls with the number of pixels', () => {
    const sane = score(one(0.9), fill(0), 'sane');
    expect([sane.dice, sane.iou, sane.precision]).toEqual([0, 0, 0]);
    expect(sane.specificity).toBe(11 / 12);
    expect(score(one(0.9), fill(0), 'as-released').specificity).toBe(0);
  });
});

it('a missed lesion: specificity is zeroed as released, and kept with sane conventions', () => {
  expect(score(fill(0), one(1), 'as-released').specificity).toBe(0);
  const sane = score(fill(0), one(1), 'sane');
  expect([sane.specificity, sane.sensitivity, sane.dice, sane.precision]).toEqual([1, 0, 0, 0]);
});

it('a full mask: its specificity is undefined, which spoils the aggregate as released only', () => {
  for (const conventions of ['as-released', 'sane'] as const) {
    const images = [score(fill(1), fill(1), conventions), score(one(1), one(1), conventions)];
    expect(images[0]!.specificity).toBeNaN();
    const set = evaluateSet(images, { bootstrap: { resamples: 50 } });
    if (conventions === 'sane') {
      expect(set.meanSpecificity).toBe(images[1]!.meanSpecificity);
      expect(set.specificity).toBe(1);
      expect(set.intervals!.meanSpecificity).toEqual({ low: set.meanSpecificity, high: set.meanSpecificity });
    } else {
      expect(set.meanSpecificity).toBeNaN();
      expect(set.intervals!.meanSpecificity).toEqual({ low: Number.NaN, high: Number.NaN });
    }
    expect(set.dice).toBe(1);
  }
});

it('a perfect prediction has the E-measure 1 with sane conventions', () => {
  expect(score(one(1), one(1), 'sane').maxEMeasure).toBeCloseTo(1, 12);
  expect(score(one(1), one(1), 'as-released').maxEMeasure).toBeCloseTo(1 + 1 / 11, 12);
});

it('one light score follows either convention, sane unless told', () => {
  expect(binaryScores(fill(0), fill(0)).dice).toBe(1);
  expect(binaryScores(fill(0), fill(0), 0.5, { conventions: 'as-released' }).dice).toBe(0);
});

describe('what a mask may be', () => {
  const map = [0.9, 0.1, 0.9, 0.1];
  const dice = (mask: ArrayLike<number | boolean>, maskAbove?: number): number =>
    binaryScores(map, mask, 0.5, { maskAbove }).dice;

  it('labels, booleans, 8-bit grey with 128 still healthy', () => {
    expect(dice([1, 0, 1, 0])).toBe(1);
    expect(dice([true, false, true, false])).toBe(1);
    expect(dice(Uint8Array.of(255, 0, 129, 128))).toBe(1);
    expect(dice(Uint8Array.of(1, 0, 1, 0))).toBe(1);
  });

  it('or whatever is above the border given', () => {
    expect(dice([0.7, 0.2, 0.6, 0.5], 0.5)).toBe(1);
    expect(dice(Uint8Array.of(38, 0, 75, 0), 0)).toBe(1);
    expect(dice(Uint8Array.of(1, 0, 1, 0), 128)).toBe(0);
  });

  it('an 8-bit map means v / 255', () => {
    expect(binaryScores(Uint8Array.of(128, 127, 255, 0), [1, 0, 1, 0])).toMatchObject({ tp: 2, fp: 0, fn: 0, tn: 2 });
    expect(binaryScores(Uint8ClampedArray.of(128, 127, 255, 0), [1, 0, 1, 0]).dice).toBe(1);
  });
});
