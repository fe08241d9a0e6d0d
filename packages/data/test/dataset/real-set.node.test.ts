/** The published data set, where it is on the disk. */
import { readdir, readFile } from 'node:fs/promises';
import { expectError, listFixtures } from '@infnet/testing';
import { describe, expect, inject, it } from 'vitest';
import {
  binaryToEdge,
  type DataSource,
  everyFifth,
  type GreyImage,
  openDataset,
  openMultiClassDataset,
  split,
} from '../../src/index.js';

const folder = 'data/covid-semiseg/TrainingSet';
const [first] = listFixtures(`${folder}/LungInfection-Train/Doctor-label/Imgs/`);
const here = first !== undefined;
const note = here ? '' : ` (skipped: ../shared/${folder} is not here)`;
// Where the test run found it: beside the repository, or where INFNET_SHARED says.
const file = inject('fixtures').files[first ?? ''] ?? '';
const root = file.slice(0, file.replaceAll('\\', '/').indexOf('/LungInfection-Train/') + 1);

/** A folder of the disk, with the folders in it. */
function folderSource(path: string): DataSource {
  return {
    name: path,
    list: async () => {
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      const below = (parent: string): string => (parent.startsWith(path) ? parent.slice(path.length) : parent);
      return entries.filter((e) => e.isFile()).map((e) => `${below(e.parentPath)}/${e.name}`.replace(/^\/+/, ''));
    },
    read: (file) => readFile(`${path}/${file}`),
  };
}

const doctor = () => openDataset(folderSource(root), { root: 'LungInfection-Train/Doctor-label' });

describe('the published data set', () => {
  it.skipIf(!here)(`50 pairs, 40 to train on, 10 to validate on, by name${note}`, async () => {
    const dataset = await doctor();
    expect([dataset.length, dataset.warnings]).toEqual([50, []]);
    const { train, validation } = split(dataset, { validate: everyFifth(dataset) });
    expect(validation.names).toEqual(['4', '13', '19', '26', '31', '37', '43', '49', '54', '67']);
    expect(train.length).toBe(40);
    const { image, mask, edge } = await train.batch([0, 39], { size: 64 });
    expect([image.shape, mask.shape, edge.shape]).toEqual([
      [2, 3, 64, 64],
      [2, 1, 64, 64],
      [2, 1, 64, 64],
    ]);
  });

  it.skipIf(!here)(`published edges are wider than the released binary2edge's, and run along them${note}`, async () => {
    const dataset = await doctor();
    for (let i = 0; i < dataset.length; i++) {
      const { mask, edge } = await dataset.slice(i);
      const derived = binaryToEdge(mask);
      const count = (picture: GreyImage): number => picture.data.filter((v) => v > 0).length;
      const shared = derived.data.filter((v, at) => v > 0 && (edge.data[at] as number) > 0).length;
      expect(shared / count(derived)).toBeGreaterThan(0.95);
      expect(count(edge) / count(derived)).toBeGreaterThan(1.6);
      expect(count(edge) / count(derived)).toBeLessThan(2.1);
    }
  });

  it.skipIf(!here)(`several sets below one folder, and class maps as masks, are named${note}`, async () => {
    const several = await expectError('DATA_DATASET', () => openDataset(folderSource(root)));
    expect(several.message).toContain('LungInfection-Train/Doctor-label, LungInfection-Train/Pseudo-label');
    const options = { root: 'MultiClassInfection-Train' };
    const classes = await expectError('DATA_DATASET', () => openDataset(folderSource(root), options));
    expect(classes.message).toContain('mask that is not binary, 50');
    expect((await openDataset(folderSource(root), { ...options, masks: 'nonzero' })).length).toBe(50);
  });

  it.skipIf(!here)(
    `the multi-class part: palettes read as classes, priors equal the infection, both encodings${note}`,
    async () => {
      const dataset = await openMultiClassDataset(folderSource(root), { root: 'MultiClassInfection-Train' });
      expect([dataset.length, dataset.warnings]).toEqual([50, []]);
      const { classes, prior } = await dataset.slice(0);
      expect(prior.data).toEqual(classes.data.map((k) => (k > 0 ? 255 : 0)));
      const [background, glass, dense] = dataset.counts;
      expect(background).toBeGreaterThan(glass);
      expect(Math.min(glass, dense)).toBeGreaterThan(0);
      const sample = await dataset.sample(0, { size: 64 });
      const released = await dataset.sample(0, { size: 64, asReleased: true });
      expect(released.onehot.data).not.toEqual(sample.onehot.data);
      expect(released.classes.data).toEqual(sample.classes.data);
    },
  );
});
