import { describe, expect, it } from 'vitest';
import { phantomSlice, predictionInput, preprocessSlice, probabilityMap, toRgb8 } from '../src/index.js';

describe('both ends of a prediction', () => {
  it('makes of a grey slice what the loader makes of the same slice in RGB', () => {
    const { image } = phantomSlice(3, { width: 90, height: 70 });
    expect(predictionInput(image, 64)).toEqual(preprocessSlice(toRgb8(image), 64).data);
  });

  it('brings probabilities to the size of the slice', () => {
    const logits = Float32Array.of(-50, 50, -50, 50);
    const map = probabilityMap(logits, { width: 4, height: 2 }, { size: 2 });
    expect([map.width, map.height]).toEqual([4, 2]);
    expect([...map.data].map((p) => p.toFixed(3))).toEqual(
      [...Array(2)].flatMap(() => ['0.000', '0.250', '0.750', '1.000']),
    );
    const flat = Float32Array.of(0.1, 0.2, 0.1, 0.2);
    expect(Math.max(...probabilityMap(flat, { width: 2, height: 2 }, { size: 2 }).data)).toBeLessThan(0.6);
    expect(Math.max(...probabilityMap(flat, { width: 2, height: 2 }, { size: 2, stretch: true }).data)).toBeGreaterThan(
      0.99,
    );
  });

  it('makes nothing of values that are not finite', () => {
    const logits = Float32Array.of(1, Number.NaN, 0, 0);
    expect(() => probabilityMap(logits, { width: 2, height: 2 }, { size: 2 })).toThrow(/DATA_NOT_FINITE/);
  });
});
