import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { type DecodedImage, toGrey8, toRgb8 } from '../src/index.js';

function picture(channels: DecodedImage['channels'], values: number[], depth: 8 | 16 = 8): DecodedImage {
  const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
  return { width: values.length / channels, height: 1, channels, depth, data, format: 'png' };
}

describe('conversions, as Pillow', () => {
  it('grey to RGB repeats; alpha is dropped, not blended', () => {
    expect(Array.from(toRgb8(picture(1, [7, 250])).data)).toEqual([7, 7, 7, 250, 250, 250]);
    expect(Array.from(toRgb8(picture(2, [7, 0, 250, 9])).data)).toEqual([7, 7, 7, 250, 250, 250]);
    expect(Array.from(toRgb8(picture(4, [1, 2, 3, 0, 4, 5, 6, 128])).data)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('RGB to grey is the fixed-point ITU-R 601 weighting', () => {
    expect(Array.from(toGrey8(picture(3, [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])).data)).toEqual([
      76, 150, 29, 255,
    ]);
    expect(Array.from(toGrey8(picture(4, [128, 0, 0, 1, 0, 128, 0, 1])).data)).toEqual([38, 75]);
  });

  it('16 bit keeps the high byte: full white only at full scale, no clipping', () => {
    const deep = picture(1, [0, 255, 256, 4095, 32768, 65535], 16);
    expect(Array.from(toGrey8(deep).data)).toEqual([0, 0, 1, 15, 128, 255]);
  });

  it('16 bit with a range', () => {
    const deep = picture(1, [1000, 2000, 3000, 9000], 16);
    expect(Array.from(toGrey8(deep, { range: [1000, 3000] }).data)).toEqual([0, 128, 255, 255]);
    expect(Array.from(toGrey8(deep, { range: 'minmax' }).data)).toEqual([0, 32, 64, 255]);
    expect(Array.from(toGrey8(picture(1, [5, 5], 16), { range: 'minmax' }).data)).toEqual([0, 0]);
  });

  it('never hands out the input array, and checks sizes', async () => {
    const grey = picture(1, [1, 2, 3]);
    expect(toGrey8(grey).data).not.toBe(grey.data);
    await expectError('DATA_ARGUMENT', () => toGrey8({ ...grey, width: 4 }));
    await expectError('DATA_ARGUMENT', () => toRgb8({ ...grey, width: 0, height: 0 }));
    await expectError('DATA_ARGUMENT', () => toGrey8(picture(1, [1, 2], 16), { range: [9, 3] }));
  });
});
