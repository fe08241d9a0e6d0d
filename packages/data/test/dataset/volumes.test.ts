/** NIfTI volumes as data: their slices, their masks in any storage order, and what is refused. */
import { expectError } from '@infnet/testing';
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  type DatasetOptions,
  everyFifth,
  type MaskMode,
  memorySource,
  openDataset,
  openMultiClassDataset,
  type Problem,
  split,
} from '../../src/index.js';
import { counting, phantomFiles } from '../support/sets.js';
import { labelled, type MadeVolume, niftiOf, patient } from '../support/volumes.js';

const [one, two] = [patient(1, 3), patient(2, 4)];
const images = {
  'Imgs/a.nii.gz': gzipSync(niftiOf(one.images, 'hounsfield')),
  'Imgs/b.nii': niftiOf(two.images, 'hounsfield'),
};
const masks = {
  'GT/a.nii.gz': gzipSync(niftiOf(labelled(one.masks), 'uint8')),
  'GT/b.nii': niftiOf(labelled(two.masks), 'uint8'),
};
const set: Record<string, Uint8Array> = { ...images, ...masks };
const open = (files: Record<string, Uint8Array>, options: DatasetOptions = {}) =>
  openDataset(memorySource(files, 'here'), options);
/** A set of one volume, with this mask. */
const withMask = (mask: Uint8Array, options: DatasetOptions = {}) =>
  open({ 'Imgs/a.nii.gz': images['Imgs/a.nii.gz'], 'GT/a.nii': mask }, options);

describe('slices of volumes', () => {
  it('are items in order, equal to the pictures that the volume was made of', async () => {
    const dataset = await open(set);
    expect(dataset.names).toEqual([
      ...[0, 1, 2].map((k) => `a.nii.gz slice ${k}`),
      ...[0, 1, 2, 3].map((k) => `b.nii slice ${k}`),
    ]);
    for (const [i, { image, slice = 0 }] of dataset.items.entries()) {
      const { images: pictures, masks: truths } = image.includes('a.nii') ? one : two;
      const loaded = await dataset.slice(i);
      expect(loaded.image).toEqual(pictures[slice]);
      expect(loaded.mask).toEqual(truths[slice]);
    }
    expect(dataset.items.map(({ content }) => content)).toEqual([
      ...['empty', 'mixed', 'mixed'],
      ...['empty', 'mixed', 'mixed', 'mixed'],
    ]);
    expect(dataset.warnings).toMatchObject([
      { kind: 'emptyMask', entries: [{ file: 'GT/a.nii.gz slice 0' }, { file: 'GT/b.nii slice 0' }] },
    ]);
    expect((await open(set, { emptyMasks: 'drop' })).length).toBe(5);
  });

  it('lie beside pictures, and without masks', async () => {
    const mixed = await open({ ...set, ...phantomFiles(['1']) });
    expect(mixed.names.slice(0, 2)).toEqual(['1', 'a.nii.gz slice 0']);
    const unlabelled = await open(images, { labelled: false });
    expect(unlabelled.length).toBe(7);
    expect(await unlabelled.image(1)).toEqual(one.images[1]);
  });

  it('take window and orientation as the segmentation of volumes does', async () => {
    const upright = await open(set, { orient: 'upright', window: [-600, 150] });
    const { image, mask } = await upright.slice(1);
    const picture = one.images[1] as (typeof one.images)[number];
    expect([image.width, image.height]).toEqual([picture.height, picture.width]);
    const at = (x: number, y: number): number => picture.data[x * picture.width + y] as number;
    for (const [x, y] of [
      [5, 9],
      [30, 40],
      [60, 12],
    ] as const) {
      expect(mask.data[y * mask.width + x]).toBe(one.masks[1]?.data[x * picture.width + y]);
      const hounsfield = -1350 + (at(x, y) * 1500) / 255;
      expect(image.data[y * image.width + x]).toBe(
        Math.round(255 * Math.min(1, Math.max(0, (hounsfield + 600) / 750))),
      );
    }
  });

  it('each volume is decoded once while it is opened, and again only when it was dropped', async () => {
    const source = counting(set);
    const dataset = await openDataset(source, { cacheBytes: 0 });
    const opened = source.reads.length;
    // The header of each volume, then each volume and each mask.
    expect(opened).toBe(6);
    await dataset.slice(6);
    await dataset.slice(5);
    expect(source.reads.length).toBe(opened);
    await dataset.slice(0);
    expect(source.reads.length).toBe(opened + 2);
    expect(dataset.warnings.map(({ kind }) => kind)).not.toContain('cacheSmall');
    const small = await open(set, { cacheBytes: 20_000 });
    expect(small.warnings.find(({ kind }) => kind === 'cacheSmall')?.entries).toMatchObject([
      { file: '1 MiB of slices, 1 MiB are kept' },
    ]);
  });
});

describe('masks of volumes', () => {
  const cases: readonly (readonly [string, Uint8Array, MaskMode])[] = [
    ['0 and 255', niftiOf(one.masks, 'uint8'), 'binary'],
    ['0 and 1 as floats', niftiOf(labelled(one.masks), 'float32'), 'binary'],
    ['labels', niftiOf(labelled(one.masks, 3), 'uint8'), 'nonzero'],
    ['probabilities', niftiOf(labelled(one.masks), 'float32'), 'soft'],
    ['probabilities, cut', niftiOf(labelled(one.masks, 190), 'share'), 'threshold'],
    ['no place said', niftiOf(labelled(one.masks), 'uint8', { placed: false }), 'binary'],
    ...['RAS', 'SAR', 'IPL', 'PIR'].map(
      (code) => [code, niftiOf(labelled(one.masks), 'uint8', { code }), 'binary'] as const,
    ),
  ];

  it.each(cases)('%s', async (_name, mask, mode) => {
    const dataset = await withMask(mask, { masks: mode });
    for (let i = 0; i < 3; i++) expect((await dataset.slice(i)).mask.data).toEqual(one.masks[i]?.data);
  });

  const wrong = async (files: Promise<unknown>): Promise<Problem[]> =>
    (await expectError('DATA_DATASET', () => files)).details['problems'] as Problem[];
  const moved = (how: MadeVolume) => niftiOf(labelled(one.masks), 'uint8', how);

  it.each<readonly [string, Uint8Array, string, RegExp]>([
    ['fewer slices', niftiOf(labelled(one.masks.slice(1)), 'uint8'), 'maskGrid', /64x72x2, its volume 64x72x3/],
    [
      'another place',
      moved({ origin: [70, 60, 30] }),
      'maskGrid',
      /first voxel at \(70, 60, 30\) mm.*first voxel at \(70, 60, -20\) mm/,
    ],
    ['other distances', moved({ spacing: [0.8, 0.8, 2.5] }), 'maskGrid', /0\.8 x 0\.8 x 2\.5 mm.*0\.8 x 0\.8 x 5 mm/],
    ['labels', niftiOf(labelled(one.masks, 2), 'uint8'), 'maskNotBinary', /values 0, 2/],
    ['the scan itself', niftiOf(one.images, 'hounsfield'), 'maskNotBinary', /values -1238/],
    ['cut off', moved({}).subarray(0, 5000), 'unreadable', /5000/],
  ])('%s: refused, once', async (_name, mask, kind, note) => {
    const problems = await wrong(withMask(mask));
    expect(problems).toMatchObject([
      { kind, count: 1, entries: [{ file: 'GT/a.nii', note: expect.stringMatching(note) }] },
    ]);
  });

  it('stored orders without affines are taken voxel by voxel when asked for', async () => {
    const dataset = await withMask(moved({ origin: [0, 0, 0] }), { orient: 'transposed' });
    expect((await dataset.slice(2)).mask.data).toEqual(one.masks[2]?.data);
    expect(dataset.warnings).toMatchObject([
      { kind: 'emptyMask' },
      { kind: 'noted', entries: [{ file: 'GT/a.nii', note: expect.stringContaining('taken voxel by voxel') }] },
    ]);
  });

  it('a volume pairs with a volume only, and multi-class sets take none', async () => {
    const picture = phantomFiles(['a']);
    const forms = await wrong(
      open({ ...images, 'GT/a.png': picture['GT/a.png'] as Uint8Array, 'GT/b.nii': masks['GT/b.nii'] }),
    );
    expect(forms).toMatchObject([{ kind: 'maskForm', entries: [{ file: 'GT/a.png' }] }]);
    const multi = await wrong(openMultiClassDataset(memorySource(set)));
    expect(multi.map(({ kind }) => kind)).toContain('volume');
  });

  it('values that are not Hounsfield units are told', async () => {
    const dataset = await open({ 'Imgs/a.nii': niftiOf(one.images, 'uint8'), 'GT/a.nii': masks['GT/a.nii.gz'] });
    expect(dataset.warnings.find(({ kind }) => kind === 'noted')?.entries).toMatchObject([
      { file: 'Imgs/a.nii', note: expect.stringContaining('not in Hounsfield units') },
    ]);
  });
});

describe('one patient is on one side of a split', () => {
  const many = Object.fromEntries(
    Array.from({ length: 6 }, (_, n) => n).flatMap((n) => {
      const { images: pictures, masks: truths } = patient(3 + n, 2 + (n % 2));
      return [
        [`Imgs/p${n}.nii`, niftiOf(pictures, 'hounsfield')],
        [`GT/p${n}.nii`, niftiOf(labelled(truths), 'uint8')],
      ];
    }),
  );
  const patients = (part: { readonly items: readonly { readonly image: string }[] }) => [
    ...new Set(part.items.map(({ image }) => image)),
  ];

  it('drawn by share or every fifth, all slices of a volume go together', async () => {
    const dataset = await open(many);
    for (const seed of [0, 1, 2, 3]) {
      const { train, validation } = split(dataset, { validate: 0.34, seed });
      expect(patients(validation)).toHaveLength(2);
      expect(patients(train).filter((one) => patients(validation).includes(one))).toEqual([]);
      expect(train.length + validation.length).toBe(dataset.length);
    }
    expect(patients(split(dataset, { validate: everyFifth(dataset) }).validation)).toEqual(['Imgs/p4.nii']);
  });

  it('positions that take one apart are refused, and so is a set of one', async () => {
    const dataset = await open(many);
    expect(split(dataset, { validate: [0, 1] }).validation.length).toBe(2);
    const torn = await expectError('DATA_ARGUMENT', () => split(dataset, { validate: [1, 2] }));
    expect(torn.message).toContain('Imgs/p0.nii is at 0 to 1');
    const single = await withMask(masks['GT/a.nii.gz']);
    const alone = await expectError('DATA_ARGUMENT', () => split(single, { validate: 0.2 }));
    expect(alone.message).toContain('all are slices of one volume');
  });
});
