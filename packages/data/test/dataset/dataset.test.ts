import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  binaryToEdge,
  compareNames,
  type Dataset,
  decodeImage,
  encodePng,
  everyFifth,
  fileListSource,
  itemSeed,
  MILD_AUGMENTATION,
  memorySource,
  openDataset,
  phantomSlice,
  phantomSource,
  preprocessMask,
  preprocessSlice,
  type RgbImage,
  split,
  trainingData,
  unlabelledData,
} from '../../src/index.js';
import { counting, grey, LOOK, phantomFiles } from '../support/sets.js';

const names = ['10', '2', '1', '33', '4'];
const files = phantomFiles(names);
const opened = new Map<number, Promise<Dataset>>();

/** Phantoms 0 to `count` - 1; opened once. */
function phantoms(count: number): Promise<Dataset> {
  const dataset = opened.get(count) ?? openDataset(phantomSource({ count, phantom: LOOK }));
  opened.set(count, dataset);
  return dataset;
}

describe('order and pairs', () => {
  it('sorts numbers by value, the rest by code units', () => {
    const sorted = ['a1', 'b', '01', '1', 'a02', '10', '9', 'a10', 'A3', '99999999999999999999', 'ä', '1-2', '1-10'];
    expect(sorted.sort(compareNames)).toEqual([
      ...['1', '01', '1-2', '1-10', '9', '10', '99999999999999999999', 'A3', 'a1', 'a02', 'a10', 'b', 'ä'],
    ]);
  });

  it('pairs by name: items are what their files hold, in numeric order, however the source lists them', async () => {
    const backwards = Object.fromEntries(Object.entries(files).reverse());
    const dataset = await openDataset(memorySource(backwards));
    expect(dataset.names).toEqual(['1', '2', '4', '10', '33']);
    const two = phantomSlice(names.indexOf('2') + 1, LOOK);
    const slice = await dataset.slice(1);
    expect(slice.image.data).toEqual(two.image.data);
    expect(slice.mask.data).toEqual(two.infection.data);
  });

  it('finds the folders below a common one, in any case, and takes flat listings', async () => {
    const bytes = (path: string): Uint8Array => files[path] as Uint8Array;
    const deep = Object.fromEntries(
      names.flatMap((n) => [
        [`x/My Set/imgs/${n}.png`, bytes(`Imgs/${n}.png`)],
        [`x/My Set/gt/${n}.png`, bytes(`GT/${n}.png`)],
      ]),
    );
    expect((await openDataset(memorySource(deep))).items[0]).toMatchObject({
      image: 'x/My Set/imgs/1.png',
      mask: 'x/My Set/gt/1.png',
    });
    const both = { ...files, 'gt/1.png': bytes('GT/2.png') };
    expect((await openDataset(memorySource(both))).items[0]?.mask).toBe('GT/1.png');
    const windows = { 'ct\\1.png': bytes('Imgs/1.png'), 'lesions\\1.png': bytes('GT/1.png') };
    const layout = { images: 'ct', masks: 'lesions' };
    expect((await openDataset(memorySource(windows), { layout })).names).toEqual(['1']);
    const flat = { images: ['Imgs/4.png', 'Imgs/2.png'], masks: ['GT/2.png', 'GT/4.png'] };
    expect((await openDataset(memorySource(files), { layout: flat })).names).toEqual(['2', '4']);
  });

  it('names with accents pair in either spelling', async () => {
    const accents = {
      'Imgs/e\u0301.png': files['Imgs/1.png'] as Uint8Array,
      'GT/\u00e9.png': files['GT/1.png'] as Uint8Array,
    };
    expect((await openDataset(memorySource(accents))).length).toBe(1);
  });

  it('reads the files of a browser', async () => {
    const list = Object.entries(files).map(([path, bytes]) => ({
      name: path.split('/')[1] as string,
      webkitRelativePath: `set/${path}`,
      arrayBuffer: async () => new Blob([bytes as Uint8Array<ArrayBuffer>]).arrayBuffer(),
    }));
    expect((await openDataset(fileListSource(list))).names).toEqual(['1', '2', '4', '10', '33']);
  });
});

describe('samples', () => {
  it('equal the reference loader: picture, soft mask, derived edge', async () => {
    const dataset = await openDataset(memorySource(files));
    const { image, infection } = phantomSlice(names.indexOf('1') + 1, LOOK);
    const sample = await dataset.sample(0, { size: 48 });
    expect([sample.image.shape, sample.mask.shape, sample.edge.shape]).toEqual([
      [3, 48, 48],
      [1, 48, 48],
      [1, 48, 48],
    ]);
    expect(sample.image.data).toEqual(preprocessSlice(image, 48).data);
    expect(sample.mask.data).toEqual(preprocessMask(infection, 48).data);
    expect(sample.edge.data).toEqual(preprocessMask(binaryToEdge(infection), 48).data);
    expect(sample.mask.data.some((v) => v > 0 && v < 1)).toBe(true);
  });

  it('edge files are used where there are some, unless edges are to be derived', async () => {
    const own = grey(72, 96, (x, y) => (x === y ? 255 : 0));
    const source = memorySource({ ...phantomFiles(['1']), 'Edge/1.png': encodePng(own) });
    expect((await (await openDataset(source)).slice(0)).edge.data).toEqual(own.data);
    const derived = await (await openDataset(source, { edges: 'derive' })).slice(0);
    expect(derived.edge).toEqual(binaryToEdge(derived.mask));
  });

  it('colour pictures keep their colours', async () => {
    const data = Uint8Array.from({ length: 72 * 96 * 3 }, (_, i) => (i * 7) % 251);
    const colour: RgbImage = { width: 72, height: 96, channels: 3, data };
    const dataset = await openDataset(memorySource({ ...phantomFiles(['1']), 'Imgs/1.png': encodePng(colour) }));
    expect((await dataset.sample(0, { size: 40 })).image.data).toEqual(preprocessSlice(colour, 40).data);
  });

  it('a batch is its samples one after the other', async () => {
    const dataset = await phantoms(11);
    const batch = await dataset.batch([3, 0], { size: 32 });
    expect([batch.image.shape, batch.mask.shape, batch.edge.shape]).toEqual([
      [2, 3, 32, 32],
      [2, 1, 32, 32],
      [2, 1, 32, 32],
    ]);
    for (const [i, index] of [3, 0].entries()) {
      const sample = await dataset.sample(index, { size: 32 });
      for (const key of ['image', 'mask', 'edge'] as const) {
        const length = sample[key].data.length;
        expect(batch[key].data.subarray(i * length, (i + 1) * length)).toEqual(sample[key].data);
      }
    }
  });

  it('refuses sizes and indices that make no sense', async () => {
    const dataset = await phantoms(3);
    await expectError('DATA_ARGUMENT', () => dataset.sample(3, { size: 32 }));
    await expectError('DATA_ARGUMENT', () => dataset.sample(-1, { size: 32 }));
    await expectError('DATA_ARGUMENT', () => dataset.sample(0, { size: 32.5 }));
    await expectError('DATA_ARGUMENT', () => dataset.sample(0, { size: 32, augmentation: MILD_AUGMENTATION }));
    await expectError('DATA_ARGUMENT', () => dataset.batch([0, 1], { size: 32, augmentation: {}, random: [1] }));
  });

  it('fits the trainer: arrays by name, the item number decides the augmentation', async () => {
    const dataset = await phantoms(3);
    const data = trainingData(dataset, { size: 32, augmentation: MILD_AUGMENTATION });
    expect([data.length, data.inputs, data.name(2)]).toEqual([
      3,
      { image: [3, 32, 32], mask: [1, 32, 32], edge: [1, 32, 32] },
      'Imgs/2.png',
    ]);
    const seed = itemSeed(1, 2, 0);
    const batch = await data.batch([
      { index: 2, seed: 5 },
      { index: 0, seed },
    ]);
    const sample = await dataset.sample(0, { size: 32, augmentation: MILD_AUGMENTATION, random: seed });
    expect(batch.image.subarray(3 * 32 * 32)).toEqual(sample.image.data);
    expect(batch.mask.subarray(32 * 32)).toEqual(sample.mask.data);
  });

  it('fits the trainer as unlabelled slices: the images as without augmentation', async () => {
    const dataset = await phantoms(3);
    const data = unlabelledData(dataset, 32);
    expect([data.length, data.name(2)]).toEqual([3, 'Imgs/2.png']);
    const { image } = await dataset.batch([2, 0], { size: 32 });
    expect(await data.images([2, 0])).toEqual(image.data);
  });
});

describe('the cache', () => {
  const few = phantomFiles(['1', '2', '3']);
  const slice = 72 * 96 * 3;

  it('reads every file once, also when samples are asked for at the same time', async () => {
    const source = counting(few);
    const dataset = await openDataset(source);
    await Promise.all([0, 1, 2, 1, 0].map((i) => dataset.sample(i, { size: 16 })));
    expect(source.reads.length).toBe(6);
    const uncached = counting(few);
    const again = await openDataset(uncached, { cacheBytes: 0 });
    await Promise.all([again.slice(0), again.slice(0)]);
    expect(uncached.reads.length).toBe(8);
  });

  it('keeps no more bytes than its limit; the slice unused for longest goes first', async () => {
    const source = counting(few);
    const dataset = await openDataset(source, { cacheBytes: 2 * slice });
    const reads = async (index: number): Promise<number> => {
      const before = source.reads.length;
      await dataset.slice(index);
      return source.reads.length - before;
    };
    // After opening, 2 and 3 are kept.
    expect([await reads(1), await reads(2), await reads(1), await reads(0)]).toEqual([0, 0, 0, 2]);
    expect([await reads(1), await reads(2)]).toEqual([0, 2]);
  });

  it('tells progress and can be stopped', async () => {
    const done: number[] = [];
    await openDataset(memorySource(few), { onProgress: (p) => done.push(p.done / p.total) });
    expect(done).toEqual([1 / 3, 2 / 3, 1]);
    const stop = new AbortController();
    const opening = openDataset(memorySource(few), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(opening).rejects.toThrow('enough');
  });
});

describe('split', () => {
  it('by positions in the order of names', async () => {
    const dataset = await phantoms(11);
    const { train, validation } = split(dataset, { validate: everyFifth(dataset) });
    expect(validation.names).toEqual(['4', '9']);
    expect(train.names).toEqual(['0', '1', '2', '3', '5', '6', '7', '8', '10']);
    expect((await validation.slice(1)).image).toEqual((await dataset.slice(9)).image);
  });

  it('by a share: the same for a seed on every machine, disjoint, nothing lost', async () => {
    const dataset = await phantoms(11);
    const drawn = (seed: number) => split(dataset, { validate: 0.3, seed }).validation.names.join(' ');
    expect(drawn(1)).toBe('5 6 10');
    expect(new Set([1, 2, 3, 4, 5].map(drawn)).size).toBeGreaterThan(1);
    for (const seed of [Number.NaN, Infinity, 0.5, null as never]) {
      expect(() => split(dataset, { validate: 0.3, seed })).toThrow(/DATA_ARGUMENT.*seed of the split is/);
    }
    const { train, validation } = split(dataset, { validate: 0.3, seed: 5 });
    expect([...train.names, ...validation.names].sort(compareNames)).toEqual(dataset.names);
    expect(split(dataset, { validate: 0.999 }).train.length).toBe(1);
    expect(split(dataset, { validate: 0.001 }).validation.length).toBe(1);
  });

  it('refuses what is not a split', async () => {
    const dataset = await phantoms(3);
    for (const validate of [[], [3], [-1], [0.5], [1, 1], [0, 1, 2], 0, 1, Number.NaN]) {
      await expectError('DATA_ARGUMENT', () => split(dataset, { validate }));
    }
  });

  it('refuses to train on one class only, unless allowed', async () => {
    const healthy = encodePng(grey(72, 96, () => 0));
    const source = memorySource({ ...phantomFiles(['1', '2', '3']), 'GT/1.png': healthy, 'GT/2.png': healthy });
    const error = await expectError('DATA_DATASET', async () => split(await openDataset(source), { validate: [2] }));
    expect(error.message).toContain('the part to train on: no infected pixel in any of 2 masks');
    const allowed = await openDataset(source, { oneClass: 'allow' });
    expect(split(allowed, { validate: [2] }).train.length).toBe(2);
  });
});

describe('phantomSource', () => {
  it('makes the same set for a seed, another one for another', async () => {
    const first = async (seed: number) => await phantomSource({ count: 2, seed, phantom: LOOK }).read('Imgs/1.png');
    expect(await first(3)).toEqual(await first(3));
    expect(await first(3)).not.toEqual(await first(4));
    const dataset = await openDataset(phantomSource({ count: 12, seed: 3, phantom: LOOK }));
    expect(dataset.names.at(-1)).toBe('11');
    const { image, mask } = await dataset.slice(11);
    expect([image.width, image.height, mask.width, mask.height]).toEqual([72, 96, 72, 96]);
    expect(dataset.items.every(({ content }) => content === 'mixed')).toBe(true);
  });

  it('unlabelled: pictures without masks', async () => {
    const source = phantomSource({ count: 2, labelled: false, phantom: LOOK });
    expect(await source.list()).toEqual(['Imgs/0.png', 'Imgs/1.png']);
    const dataset = await openDataset(source, { labelled: false });
    expect([dataset.length, dataset.labelled, dataset.warnings]).toEqual([2, false, []]);
    const file = await decodeImage(await source.read('Imgs/1.png'));
    expect((await dataset.image(1)).data).toEqual(file.data);
    await expectError('DATA_ARGUMENT', () => dataset.sample(0, { size: 32 }));
    await expectError('DATA_DATASET', () => openDataset(source));
  });

  it('refuses what it does not have', async () => {
    await expectError('DATA_ARGUMENT', () => phantomSource({ count: 0 }));
    await expectError('DATA_ARGUMENT', () => phantomSource({ count: 2 }).read('Imgs/2.png'));
    await expectError('DATA_ARGUMENT', () => phantomSource({ count: 2, labelled: false }).read('GT/0.png'));
  });
});
