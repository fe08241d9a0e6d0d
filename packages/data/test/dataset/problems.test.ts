/** Everything that can be wrong with a data set, each with the error or the warning it gets. */
import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  type DatasetOptions,
  decodeImage,
  describeProblems,
  encodePng,
  memorySource,
  openDataset,
  type Problem,
} from '../../src/index.js';
import { concat, GREY_JPEG, pngFile } from '../support/pictures.js';
import { grey, LOOK, phantomFiles } from '../support/sets.js';

type Files = Record<string, Uint8Array>;
const { width = 0, height = 0 } = LOOK;
const good = phantomFiles(['1', '2', '3']);
const without = (...paths: string[]): Files =>
  Object.fromEntries(Object.entries(good).filter(([path]) => !paths.includes(path)));
const png = (at: (x: number, y: number) => number, w = width, h = height): Uint8Array => encodePng(grey(w, h, at));
const open = (files: Files, options: DatasetOptions = {}) => openDataset(memorySource(files, 'here'), options);

/** The problems of the error that opening must give. */
async function wrong(files: Files, options: DatasetOptions = {}): Promise<{ text: string; problems: Problem[] }> {
  const error = await expectError('DATA_DATASET', () => open(files, options));
  expect(error.where).toBe('here');
  expect(error.fix).toBeTruthy();
  return { text: error.message, problems: error.details['problems'] as Problem[] };
}

async function onlyProblem(
  kind: string,
  files: Files,
  options: DatasetOptions = {},
): Promise<Problem & { text: string }> {
  const { text, problems } = await wrong(files, options);
  expect(problems.map((problem) => problem.kind)).toEqual([kind]);
  return { ...(problems[0] as Problem), text };
}

describe('openDataset names everything that does not match', () => {
  it('a good set opens without a warning', async () => {
    const dataset = await open(good);
    expect([dataset.names, dataset.warnings]).toEqual([['1', '2', '3'], []]);
  });

  it('image without mask', async () => {
    const { entries, text } = await onlyProblem('imageWithoutMask', without('GT/2.png'));
    expect(entries).toEqual([{ file: 'Imgs/2.png' }]);
    expect(text).toContain('image without mask, 1: Imgs/2.png');
  });

  it('mask without image', async () => {
    const { entries } = await onlyProblem('maskWithoutImage', without('Imgs/3.png'));
    expect(entries).toEqual([{ file: 'GT/3.png' }]);
  });

  it('edge without pair; an edge that is missing among others is derived and told', async () => {
    const edge = { 'Edge/1.png': good['GT/1.png'] as Uint8Array };
    const { entries } = await onlyProblem('edgeWithoutPair', { ...good, ...edge, 'Edge/9.png': edge['Edge/1.png'] });
    expect(entries).toEqual([{ file: 'Edge/9.png' }]);
    const dataset = await open({ ...good, ...edge });
    expect(dataset.warnings).toMatchObject([
      { kind: 'edgeDerived', entries: [{ file: 'Imgs/2.png' }, { file: 'Imgs/3.png' }] },
    ]);
  });

  it('unreadable file, with the reason', async () => {
    const text = new TextEncoder().encode('<html>not found</html>');
    const cut = (good['GT/2.png'] as Uint8Array).slice(0, 200);
    const { entries } = await onlyProblem('unreadable', { ...good, 'Imgs/1.png': text, 'GT/2.png': cut });
    expect(entries.map(({ file }) => file)).toEqual(['Imgs/1.png', 'GT/2.png']);
    expect(entries[0]?.note).toMatch(/^The file is neither PNG nor JPEG; it looks like a web page \(/);
    expect(entries[1]?.note).toBeTruthy();
  });

  it('a source that cannot read a file', async () => {
    const source = memorySource(good, 'here');
    const failing = {
      ...source,
      read: (path: string) => (path === 'Imgs/2.png' ? Promise.reject(new Error('disk is gone')) : source.read(path)),
    };
    const error = await expectError('DATA_DATASET', () => openDataset(failing));
    expect(error.message).toContain('unreadable file, 1: Imgs/2.png (disk is gone)');
  });

  it('mask of another size than its image', async () => {
    const { entries } = await onlyProblem('maskSize', { ...good, 'GT/2.png': png((x) => (x > 9 ? 255 : 0), 96, 72) });
    expect(entries).toEqual([{ file: 'GT/2.png', note: '96x72, its image 72x96' }]);
  });

  it('edge of another size than its image', async () => {
    const { entries } = await onlyProblem('edgeSize', { ...good, 'Edge/1.png': png(() => 0, 40, 40) });
    expect(entries).toEqual([{ file: 'Edge/1.png', note: '40x40, its image 72x96' }]);
  });

  it('mask that is not binary, values listed', async () => {
    const classes = png((x) => (x < 10 ? 0 : x < 20 ? 38 : 75));
    const ramp = png((x) => x);
    const { entries } = await onlyProblem('maskNotBinary', { ...good, 'GT/1.png': classes, 'GT/3.png': ramp });
    expect(entries).toMatchObject([
      { file: 'GT/1.png', note: 'values 0, 38, 75' },
      { file: 'GT/3.png', note: '72 values: 0, 1, 2, 3, 4, 5, 6, 7, ...' },
    ]);
  });

  it('masks of other values are taken when the caller says what they mean', async () => {
    const files = { ...good, 'GT/1.png': png((x) => (x < 10 ? 0 : x < 20 ? 1 : 200)) };
    const values = async (masks: 'soft' | 'nonzero' | 'threshold') => {
      const { mask } = await (await open(files, { masks })).slice(0);
      return [mask.data[0], mask.data[15], mask.data[30]];
    };
    expect(await values('soft')).toEqual([0, 1, 200]);
    expect(await values('nonzero')).toEqual([0, 255, 255]);
    expect(await values('threshold')).toEqual([0, 0, 255]);
  });

  it('16-bit masks: 0 and 65535 are binary, 0 and 1 are told and not taken for empty', async () => {
    const deep = (high: number): Uint8Array => {
      const data = Uint16Array.from({ length: width * height }, (_, i) => (i % width > 20 ? high : 0));
      return encodePng({ width, height, data });
    };
    const full = await open({ ...good, 'GT/1.png': deep(65535) });
    expect((await full.slice(0)).mask.data.subarray(20, 22)).toEqual(Uint8Array.of(0, 255));
    const ones = { ...good, 'GT/1.png': deep(1) };
    expect((await onlyProblem('maskNotBinary', ones)).entries).toMatchObject([
      { file: 'GT/1.png', note: 'values 0, 1 of 65535' },
    ]);
    const mask = (await (await open(ones, { masks: 'nonzero' })).slice(0)).mask.data;
    expect(mask.subarray(20, 22)).toEqual(Uint8Array.of(0, 255));
  });

  it.each([
    ['12 bits', (v: number) => v * 8, /^its samples are \d+ to \d+ of 65535, .*range: \[0, \d+\] or 'minmax' \}$/],
    ['Hounsfield units + 32768', (v: number) => 31418 + 6 * v, /they look like Hounsfield units \+ 32768/],
    ['the whole range', (v: number) => v * 257, undefined],
  ])('16-bit slices of %s: told where they become a few greys', async (_name, sample, note) => {
    const data = Uint16Array.from({ length: width * height }, (_, i) => sample((i * 7) % 256) + (i % 3));
    const files = { ...good, 'Imgs/2.png': encodePng({ width, height, data }) };
    const warnings = [{ kind: 'noted', entries: [{ file: 'Imgs/2.png', note: expect.stringMatching(note ?? '') }] }];
    for (const labelled of [true, false]) {
      expect((await open(files, { labelled })).warnings).toMatchObject(note === undefined ? [] : warnings);
    }
    expect((await open(files, { range: 'minmax' })).warnings).toEqual([]);
  });

  it('what a decoder noticed in slice and mask is told, too', async () => {
    const jpeg = concat(GREY_JPEG.subarray(0, 2), new Uint8Array(3), GREY_JPEG.subarray(2));
    const { width: w, height: h } = await decodeImage(GREY_JPEG);
    const rows = new Uint8Array(w * h).fill(255, 0, w * 5);
    const raw = Uint8Array.from({ length: (w + 1) * (h + 1) }, (_, i) =>
      i % (w + 1) === 0 ? 0 : (rows[Math.floor(i / (w + 1)) * w + (i % (w + 1)) - 1] ?? 0),
    );
    const mask = pngFile({ width: w, height: h, depth: 8, type: 0, raw });
    const dataset = await open({ ...good, 'Imgs/9.jpg': jpeg, 'GT/9.png': mask }, { minSide: 1 });
    expect(dataset.warnings).toMatchObject([
      {
        kind: 'noted',
        entries: [
          { file: 'Imgs/9.jpg', note: expect.stringContaining('stray bytes') },
          { file: 'GT/9.png', note: expect.stringContaining('more') },
        ],
      },
    ]);
  });

  it('masks all empty or all full are an error, unless allowed', async () => {
    for (const [value, said] of [
      [0, 'no infected pixel in any of 3 masks'],
      [255, 'no background pixel in any of 3 masks'],
    ] as const) {
      const flat = png(() => value);
      const files = { ...good, 'GT/1.png': flat, 'GT/2.png': flat, 'GT/3.png': flat };
      expect((await onlyProblem('oneClass', files)).entries).toEqual([{ file: said }]);
      await wrong(files, { onProblem: 'skip' });
      const dataset = await open(files, { oneClass: 'allow' });
      expect(dataset.length).toBe(3);
      expect(dataset.warnings).toMatchObject([{ kind: value === 0 ? 'emptyMask' : 'fullMask', count: 3 }]);
    }
  });

  it('some empty masks (healthy slices) are only told', async () => {
    const dataset = await open({ ...good, 'GT/2.png': png(() => 0) });
    expect(dataset.length).toBe(3);
    expect(describeProblems(dataset.warnings)).toBe('  mask without any infected pixel, 1: GT/2.png');
    expect(dataset.items.map(({ content }) => content)).toEqual(['mixed', 'empty', 'mixed']);
  });

  it('an empty folder, a folder without masks, a folder without images', async () => {
    const said = async (files: Files): Promise<string[]> =>
      (await onlyProblem('empty', files)).entries.map((e) => e.file);
    expect(await said({})).toEqual(['no images in Imgs', 'no masks in GT']);
    expect(await said({ 'README.txt': png(() => 0) })).toEqual(['no images in Imgs', 'no masks in GT']);
    expect(await said(without('GT/1.png', 'GT/2.png', 'GT/3.png'))).toEqual(['no masks in GT']);
    expect(await said(without('Imgs/1.png', 'Imgs/2.png', 'Imgs/3.png'))).toEqual(['no images in Imgs']);
  });

  it('two files of one name, and several data sets below one folder', async () => {
    const jpg = { 'Imgs/2.jpg': good['Imgs/2.png'] as Uint8Array };
    const { entries } = await onlyProblem('duplicateName', { ...good, ...jpg });
    expect(entries).toEqual([{ file: 'Imgs/2.png', note: 'also Imgs/2.jpg' }]);
    const two = Object.fromEntries(
      ['a', 'b'].flatMap((root) => Object.entries(good).map(([p, b]) => [`${root}/${p}`, b])),
    );
    expect((await onlyProblem('ambiguousLayout', two)).entries).toEqual([{ file: 'a' }, { file: 'b' }]);
    expect((await open(two, { root: 'b/' })).items[0]?.image).toBe('b/Imgs/1.png');
  });

  it('two files whose names look alike: both are spelled out', async () => {
    const bytes = good['Imgs/2.png'] as Uint8Array;
    const { entries } = await onlyProblem('duplicateName', {
      ...good,
      'Imgs/Mu\u0308ller.png': bytes,
      'Imgs/M\u00fcller.png': bytes,
      'GT/M\u00fcller.png': good['GT/2.png'] as Uint8Array,
    });
    expect(entries).toHaveLength(1);
    expect(entries[0]?.note).toMatch(/spelled M\\u00fcller\.png; also .*, spelled Mu\\u0308ller\.png/);
  });

  it('endings in capitals, and what systems leave in folders, do no harm', async () => {
    const junk = new Uint8Array(0);
    const upper = Object.fromEntries(
      Object.entries(good).map(([path, bytes]) => [
        path.replace('.png', path.startsWith('G') ? '.PNG' : '.Png'),
        bytes,
      ]),
    );
    const left = ['._1.png', '.DS_Store', 'Thumbs.db', 'desktop.ini'].map((name) => [`Imgs/${name}`, junk]);
    const elsewhere = ['__MACOSX/Imgs/._1.png', '__MACOSX/GT/._1.png', '@eaDir/GT/1.png', '.trash/Imgs/1.png'];
    const files = { ...upper, ...Object.fromEntries([...left, ...elsewhere.map((path) => [path, junk])]) };
    const dataset = await open(files);
    expect(dataset.names).toEqual(['1', '2', '3']);
    expect(dataset.warnings.map(({ kind }) => kind)).toEqual(['ignored']);
  });

  it('an empty file is named, and a link that leads nowhere where a folder should be', async () => {
    const { entries } = await onlyProblem('unreadable', { ...good, 'GT/2.png': new Uint8Array(0) });
    expect(entries).toMatchObject([{ file: 'GT/2.png', note: 'The file is empty (0 bytes).' }]);
    const dangling = { ...without('Imgs/1.png', 'Imgs/2.png', 'Imgs/3.png'), Imgs: new Uint8Array(0) };
    const { entries: told } = await onlyProblem('empty', dangling);
    expect(told).toEqual([{ file: 'no images in Imgs, which is no folder, or a link that leads nowhere' }]);
  });

  it('files that are not pictures are left alone and told', async () => {
    const note = new Uint8Array(3);
    const dataset = await open({ ...good, 'Imgs/.DS_Store': note, 'GT/notes.txt': note, 'Imgs/old/1.png': note });
    expect(dataset.length).toBe(3);
    expect(dataset.warnings).toMatchObject([
      { kind: 'ignored', entries: [{ file: 'Imgs/.DS_Store' }, { file: 'GT/notes.txt' }] },
    ]);
  });

  it('everything at once in one error: counts, and the first 10 of each kind', async () => {
    const names = Array.from({ length: 14 }, (_, i) => `slice ${i}`);
    const lonely = Object.fromEntries(names.map((name) => [`Imgs/${name}.png`, good['Imgs/1.png'] as Uint8Array]));
    const { text, problems } = await wrong({ ...without('Imgs/3.png'), ...lonely, 'GT/2.png': png((x) => x % 3) });
    expect(problems.map(({ kind, count }) => [kind, count])).toEqual([
      ['imageWithoutMask', 14],
      ['maskWithoutImage', 1],
      ['maskNotBinary', 1],
    ]);
    expect(text).toContain('image without mask, 14: Imgs/slice 0.png');
    expect(text).toContain('Imgs/slice 9.png, and 4 more');
    expect(text).not.toContain('slice 10.png');
  });

  it('with onProblem skip the wrong items are left out and told; an error stays where nothing is left', async () => {
    const files = { ...without('GT/1.png'), 'GT/2.png': png((x) => x) };
    const dataset = await open(files, { onProblem: 'skip' });
    expect(dataset.names).toEqual(['3']);
    expect(dataset.warnings.map(({ kind }) => kind)).toEqual(['imageWithoutMask', 'maskNotBinary']);
    const { problems } = await wrong({ ...files, 'GT/3.png': png((x) => x) }, { onProblem: 'skip' });
    expect(problems.map(({ kind, count }) => [kind, count])).toEqual([
      ['imageWithoutMask', 1],
      ['maskNotBinary', 2],
    ]);
  });

  it('a file that changes after opening is told when it is read again', async () => {
    const files: Files = { ...good };
    const dataset = await open(files, { cacheBytes: 0 });
    files['GT/2.png'] = png((x) => (x > 9 ? 255 : 0), 96, 72);
    const error = await expectError('DATA_DATASET', () => dataset.sample(1, { size: 32 }));
    expect(error.message).toContain('GT/2.png (96x72, its image 72x96; changed since it was opened)');
  });
});
