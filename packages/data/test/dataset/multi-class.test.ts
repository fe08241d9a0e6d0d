import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  binaryToEdge,
  classesInput,
  type DataSource,
  describeProblems,
  encodeClassMap,
  encodePng,
  type GreyImage,
  MILD_AUGMENTATION,
  type MultiClassOptions,
  memorySource,
  multiClassTrainingData,
  oneHot,
  openMultiClassDataset,
  type Problem,
  phantomSlice,
  phantomSource,
  preprocessSlice,
  releasedLabels,
  releasedOneHot,
  resizeCv2,
  resizeLabels,
  split,
  toRgb8,
  toTensor,
} from '../../src/index.js';
import { counting, grey, LOOK } from '../support/sets.js';

const names = ['10', '2', '1'];
const phantoms = names.map((_, i) => phantomSlice(i + 31, { ...LOOK, flip: false }));

function files(folders: readonly string[] = ['Imgs', 'GT', 'Prior']): Record<string, Uint8Array> {
  const entries = names.flatMap((name, i) => {
    const { image, classes, infection } = phantoms[i] as (typeof phantoms)[0];
    return [
      [`Imgs/${name}.png`, encodePng(image)],
      [`GT/${name}.png`, encodeClassMap(classes)],
      [`Prior/${name}.png`, encodePng(infection)],
    ] as [string, Uint8Array][];
  });
  return Object.fromEntries(entries.filter(([path]) => folders.includes(path.split('/')[0] as string)));
}

async function wrong(source: DataSource, options: MultiClassOptions = {}): Promise<Problem> {
  const { details } = await expectError('DATA_DATASET', () => openMultiClassDataset(source, options));
  const problems = details['problems'] as Problem[];
  expect(problems).toHaveLength(1);
  return problems[0] as Problem;
}

describe('openMultiClassDataset', () => {
  it('pairs image, class map and prior by name, and counts the classes', async () => {
    const dataset = await openMultiClassDataset(memorySource(files()));
    expect([dataset.names, dataset.warnings]).toEqual([['1', '2', '10'], []]);
    const { image, classes, infection } = phantoms[2] as (typeof phantoms)[0];
    const slice = await dataset.slice(0);
    expect([slice.image.data, slice.classes.data, slice.prior.data]).toEqual([
      image.data,
      classes.data,
      infection.data,
    ]);
    const infected = phantoms.reduce((sum, p) => sum + p.infection.data.filter((v) => v > 0).length, 0);
    expect(dataset.counts[1] + dataset.counts[2]).toBe(infected);
    expect(dataset.counts.reduce((a, b) => a + b)).toBe(3 * 72 * 96);
    const { train, validation } = split(dataset, { validate: [1] });
    expect([train.names, validation.names]).toEqual([['1', '10'], ['2']]);
  });

  it('names what is wrong', async () => {
    const good = files();
    const other = encodePng(grey(30, 30, () => 0));
    const infection = encodePng((phantoms[0] as (typeof phantoms)[0]).infection);
    expect(await wrong(memorySource({ ...good, 'GT/2.png': infection }))).toMatchObject({
      kind: 'maskNotClasses',
      entries: [{ file: 'GT/2.png', note: expect.stringMatching(/^greys 255 on \d+ of 6912 pixels$/) }],
    });
    expect(await wrong(memorySource({ ...good, 'Prior/2.png': other }))).toMatchObject({
      kind: 'priorSize',
      entries: [{ file: 'Prior/2.png', note: '30x30, its image 72x96' }],
    });
    const { 'Prior/1.png': _, ...less } = good;
    expect(await wrong(memorySource(less))).toMatchObject({
      kind: 'imageWithoutPrior',
      entries: [{ file: 'Imgs/1.png' }],
    });
    expect((await openMultiClassDataset(memorySource(less), { onProblem: 'skip' })).names).toEqual(['2', '10']);
    expect((await wrong(memorySource({ ...good, 'Prior/3.png': infection }))).kind).toBe('priorWithoutPair');
    const empty = encodeClassMap(grey(72, 96, () => 0));
    const healthy = { ...good, 'GT/1.png': empty, 'GT/2.png': empty, 'GT/10.png': empty };
    expect((await wrong(memorySource(healthy))).kind).toBe('oneClass');
    const glass = encodeClassMap(grey(72, 96, (x) => (x > 40 ? 1 : 0)));
    const dataset = await openMultiClassDataset(
      memorySource({ ...good, 'GT/1.png': glass, 'GT/2.png': glass, 'GT/10.png': glass }),
    );
    expect(describeProblems(dataset.warnings)).toBe('  class that no mask has, 1: consolidation');
  });

  it('pixels that are not to count keep their number where that was asked for, and are foreign where not', async () => {
    const { classes } = phantoms[2] as (typeof phantoms)[0];
    // The border of three pixels is nobody's business.
    const marked = classes.data.map((v, i) => (i % 72 < 3 ? 255 : v));
    const source = memorySource({ ...files(), 'GT/1.png': encodePng({ ...classes, data: marked }) });
    expect(await wrong(source)).toMatchObject({ kind: 'maskNotClasses' });
    const dataset = await openMultiClassDataset(source, { ignoreIndex: 255 });
    expect(dataset.items[0]?.counts?.reduce((a, b) => a + b)).toBe(69 * 96);
    const data = multiClassTrainingData(dataset, 'classes', { size: 48 });
    const { classes: labels } = await data.batch([{ index: 0, seed: 1 }]);
    expect(labels.filter((label) => label === 255)).toHaveLength(2 * 48);
    expect(new Set(labels)).toContain(0);
    const { onehot } = await dataset.sample(0, { size: 48 });
    expect([0, 1, 2].map((k) => onehot.data[k * 48 * 48])).toEqual([0, 0, 0]);
    await expectError('DATA_ARGUMENT', () => multiClassTrainingData(dataset, 'onehot', { size: 48 }));
    await expectError('DATA_ARGUMENT', () => dataset.sample(0, { size: 48, asReleased: true }));
    for (const ignoreIndex of [0, 2, 256, -1, 3.5, Number.NaN]) {
      await expectError('DATA_ARGUMENT', () => openMultiClassDataset(source, { ignoreIndex }));
    }
  });

  it('priors may come from a function, asked once for each slice; without either samples are an error', async () => {
    const source = memorySource(files(['Imgs', 'GT']));
    const bare = await openMultiClassDataset(source);
    const error = await expectError('DATA_ARGUMENT', () => bare.sample(0, { size: 32 }));
    expect(error.where).toContain('Imgs/1.png');
    const asked: string[] = [];
    const dataset = await openMultiClassDataset(source, {
      prior({ item, image }) {
        asked.push(item.name);
        expect([image.width, image.height]).toEqual([72, 96]);
        return { width: 24, height: 24, data: new Float32Array(576).fill(0.4) };
      },
    });
    expect(asked).toEqual([]);
    const { prior } = await dataset.slice(2);
    await dataset.slice(2);
    expect([asked, prior.width, prior.height, prior.data[500]]).toEqual([['10'], 72, 96, 102]);
  });
});

describe('samples', () => {
  it('by default: Pillow resize and RGB, labels by nearest neighbour, channel k is class k', async () => {
    const dataset = await openMultiClassDataset(memorySource(files()));
    const { image, classes, infection } = phantoms[1] as (typeof phantoms)[0];
    const sample = await dataset.sample(1, { size: 48 });
    expect([sample.image.shape, sample.classes.shape, sample.onehot.shape]).toEqual([
      [6, 48, 48],
      [48, 48],
      [3, 48, 48],
    ]);
    const half = 3 * 48 * 48;
    expect(sample.image.data.subarray(0, half)).toEqual(preprocessSlice(image, 48).data);
    expect(sample.image.data.subarray(half)).toEqual(preprocessSlice(infection, 48).data);
    const labels = resizeLabels(classes, 48, 48);
    expect([...sample.classes.data]).toEqual([...labels.data]);
    expect(sample.onehot.data).toEqual(oneHot(labels).data);
  });

  it('as released: cv2 resize, blue first, greys between classes, one-hot one place off', async () => {
    const colours = Uint8Array.from({ length: 72 * 96 * 3 }, (_, i) => (i * 7 + (i % 3) * 60) % 251);
    const colour = { width: 72, height: 96, channels: 3, data: colours } as const;
    // Classes in the upper half, so that no border's label runs over the end.
    const classes = grey(72, 96, (x, y) => (y > 40 ? 0 : x < 30 ? 1 : x < 50 ? 2 : 0));
    const infection: GreyImage = binaryToEdge(grey(72, 96, (x) => (x > 30 ? 255 : 0)));
    const source = memorySource({
      'Imgs/1.png': encodePng(colour),
      'GT/1.png': encodeClassMap(classes, 'released'),
      'Prior/1.png': encodePng(infection),
    });
    const dataset = await openMultiClassDataset(source);
    const sample = await dataset.sample(0, { size: 64, asReleased: true });
    const swap = colours.map((_, i) => colours[i - (i % 3) + 2 - (i % 3)] as number);
    const area = 64 * 64;
    expect(sample.image.data.subarray(0, 3 * area)).toEqual(
      toTensor(resizeCv2({ ...colour, data: swap }, 64, 64)).data,
    );
    expect(sample.image.data.subarray(3 * area)).toEqual(toTensor(toRgb8(resizeCv2(infection, 64, 64))).data);
    const greys = resizeCv2({ ...classes, data: classes.data.map((k) => [0, 38, 75][k] as number) }, 64, 64);
    expect(new Set(greys.data).size).toBeGreaterThan(3);
    expect(sample.onehot.data).toEqual(releasedOneHot(releasedLabels(greys)).data);
    expect(sample.onehot.data).not.toEqual((await dataset.sample(0, { size: 64 })).onehot.data);
    expect(classesInput(colour, infection, 64, { asReleased: true }).data).toEqual(sample.image.data);
    // The border runs down to the last row, close to its end.
    const low = grey(72, 96, (x) => (x < 68 ? 2 : 0));
    const late = await openMultiClassDataset(
      memorySource({
        'Imgs/1.png': encodePng(colour),
        'GT/1.png': encodeClassMap(low),
        'Prior/1.png': encodePng(infection),
      }),
    );
    const error = await expectError('DATA_RELEASED_LABEL', () => late.sample(0, { size: 64, asReleased: true }));
    expect(error.where).toBe('GT/1.png');
  });

  it('augmentation moves classes and prior with the picture and makes no new classes', async () => {
    const dataset = await openMultiClassDataset(memorySource(files()));
    const options = { size: 72, augmentation: { rotate: 30, scale: 0.2, flipHorizontal: 1 }, random: 77 };
    const { classes, image } = await dataset.sample(0, options);
    const prior = image.data.subarray(3 * 72 * 72, 4 * 72 * 72);
    const white = Math.max(...prior);
    let apart = 0;
    for (let i = 0; i < classes.data.length; i++) {
      expect(classes.data[i]).toBeLessThan(3);
      if ((classes.data[i] as number) > 0 !== (prior[i] as number) > white - 2.2) apart++;
    }
    expect(apart / classes.data.length).toBeLessThan(0.03);
    await expectError('DATA_ARGUMENT', () => dataset.batch([0], { size: 32, augmentation: {} }));
  });

  it('fits the trainer, with classes or one-hot', async () => {
    const dataset = await openMultiClassDataset(memorySource(files()));
    const data = multiClassTrainingData(dataset, 'classes', { size: 32, augmentation: MILD_AUGMENTATION });
    expect(data.inputs).toEqual({ image: [6, 32, 32], classes: { shape: [32, 32], dtype: 'u32' } });
    const requests = [
      { index: 2, seed: 5 },
      { index: 0, seed: 9 },
    ];
    const batch = await data.batch(requests);
    const one = await dataset.sample(0, { size: 32, augmentation: MILD_AUGMENTATION, random: 9 });
    expect(batch.classes.subarray(32 * 32)).toEqual(one.classes.data);
    expect(batch.image.subarray(6 * 32 * 32)).toEqual(one.image.data);
    const encoded = multiClassTrainingData(dataset, 'onehot', { size: 32 });
    expect(encoded.inputs.onehot).toEqual({ shape: [3, 32, 32], dtype: 'f32' });
    expect((await encoded.batch(requests)).onehot).toHaveLength(2 * 3 * 32 * 32);
    expect(encoded.name(2)).toBe('Imgs/10.png');
  });
});

it('phantoms come as a multi-class set, every file read once', async () => {
  const source = phantomSource({ count: 3, seed: 5, kind: 'multi-class', phantom: LOOK });
  const bytes = Object.fromEntries(
    await Promise.all((await source.list()).map(async (path) => [path, await source.read(path)] as const)),
  );
  const counted = counting(bytes);
  const dataset = await openMultiClassDataset(counted);
  expect([dataset.length, counted.reads.length]).toEqual([3, 9]);
  const { classes, prior } = await dataset.slice(1);
  expect(prior.data).toEqual(classes.data.map((k) => (k > 0 ? 255 : 0)));
  expect(counted.reads).toHaveLength(9);
  // The same slices as in the other kinds.
  expect(await phantomSource({ count: 3, seed: 5, phantom: LOOK }).read('Imgs/1.png')).toEqual(bytes['Imgs/1.png']);
});
