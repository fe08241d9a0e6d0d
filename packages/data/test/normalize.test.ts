import { expectClose, itWithGolden } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { finalPngU8, minMaxNormalize, probabilityToU8 } from '../src/index.js';

/** The nets whose final maps were recorded. */
const nets = ['nets/inf_net_res2net_1x3x64x64', 'nets/inf_net_res2net_1x3x352x352'];

describe('post-processing of the released test code', () => {
  for (const path of nets) {
    itWithGolden(`${path}: sigmoid, min-max, imsave`, path, (golden) => {
      const probability = golden.f32('lateral_map_2').map((v) => 1 / (1 + Math.exp(-v)));
      const expected = golden.f32('final_minmax');
      const expectedPng = golden.u8('final_png_u8');
      const map = minMaxNormalize(probability);
      expectClose(map, expected, { maxAbs: 1e-6 }, 'final_minmax');
      const png = finalPngU8(map);
      let off = 0;
      for (let i = 0; i < png.length; i++) {
        const d = Math.abs((png[i] as number) - (expectedPng[i] as number));
        expect(d).toBeLessThanOrEqual(1);
        off += d;
      }
      expect(off / expected.length).toBeLessThan(1e-3);
      // From the recorded map itself the bytes are exact.
      expect(finalPngU8(expected)).toEqual(expectedPng);
    });
  }

  it('a constant map becomes 0, also after the second stretch', () => {
    const flat = minMaxNormalize(new Float32Array(9).fill(0.7));
    expect(Array.from(flat)).toEqual(new Array(9).fill(0));
    expect(Array.from(finalPngU8(flat))).toEqual(new Array(9).fill(0));
  });

  it('any other map is stretched to full contrast, however faint', () => {
    const faint = minMaxNormalize(Float32Array.of(0.001, 0.002, 0.0016));
    expect(Array.from(finalPngU8(faint))).toEqual([0, 255, 153]);
  });
});

describe('probabilityToU8', () => {
  it('rounds, clips and does not stretch', () => {
    const values = Float32Array.of(-1, 0, 0.1, 0.5, 1, 3, Number.NaN);
    expect(Array.from(probabilityToU8(values))).toEqual([0, 0, 26, 128, 255, 255, 0]);
  });
});
