/** The 50 published slices, where they are on the disk: they decode, and agree with their masks in size. */
import { hasFixture, listFixtures, readFixture } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { decodeImage, preprocessSlice, toGrey8 } from '../src/index.js';

const folder = 'data/covid-semiseg/TrainingSet/LungInfection-Train/Doctor-label';
const files = listFixtures(`${folder}/Imgs/`);
const note = files.length > 0 ? '' : ` (skipped: ../shared/${folder} is not here)`;

describe('published slices', () => {
  it.skipIf(files.length === 0)(`decode as grey JPEG with masks of the same size${note}`, async () => {
    for (const file of files) {
      const slice = await decodeImage(await readFixture(file), file);
      const maskFile = file.replace('/Imgs/', '/GT/').replace('.jpg', '.png');
      expect(hasFixture(maskFile)).toBe(true);
      const mask = toGrey8(await decodeImage(await readFixture(maskFile), maskFile));
      expect(slice).toMatchObject({ channels: 1, depth: 8, format: 'jpeg', width: mask.width, height: mask.height });
      expect(mask.data.includes(255)).toBe(true);
      const { data, shape } = preprocessSlice(slice, 352);
      expect(shape).toEqual([1, 3, 352, 352]);
      expect(data.every(Number.isFinite)).toBe(true);
    }
  });
});
