/**
 * Masks of every make: read as they are meant, or refused with advice that helps. The advice is followed, not only
 * read.
 */
import { describe, expect, it } from 'vitest';
import {
  type DecodedImage,
  decodeImage,
  encodePng,
  type MaskMode,
  memorySource,
  openDataset,
  readMask,
} from '../../src/index.js';
import { type PngParts, pngFile } from '../support/pictures.js';
import { phantomFiles } from '../support/sets.js';

const SIDE = 64;
/** A lesion in the middle; 2 is its core, 1 its rim. */
const at = (x: number, y: number): 0 | 1 | 2 => {
  const r = Math.hypot(x - 15, y - 15);
  return r < 4 ? 2 : r < 8 ? 1 : 0;
};
const all = Array.from({ length: SIDE * SIDE }, (_, i) => at(i % SIDE, Math.floor(i / SIDE)));
const lesion = Uint8Array.from(all, (v) => (v > 0 ? 255 : 0));

/** Samples of every pixel by its label. */
const rows = (type: number, depth: 8 | 16, samples: (label: 0 | 1 | 2, i: number) => readonly number[]): PngParts => {
  const values = all.flatMap((label, i) => samples(label, i));
  return {
    width: SIDE,
    height: SIDE,
    depth,
    type,
    rows: Uint8Array.from(depth === 8 ? values : values.flatMap((v) => [v >> 8, v & 255])),
  };
};
const palette = (colours: readonly number[], transparency?: readonly number[]): PngParts => ({
  ...rows(3, 8, (label) => [label > 0 ? 1 : 0]),
  palette: Uint8Array.from(colours),
  ...(transparency === undefined ? {} : { transparency: Uint8Array.from(transparency) }),
});
const bits = (): PngParts => {
  const packed = new Uint8Array((SIDE * SIDE) / 8);
  for (const [i, label] of all.entries()) if (label > 0) packed[i >> 3] = (packed[i >> 3] as number) | (128 >> (i & 7));
  return { width: SIDE, height: SIDE, depth: 1, type: 0, rows: packed };
};
const grey = (values: readonly [number, number, number]): PngParts => rows(0, 8, (label) => [values[label]]);
const smooth = (highest: number): PngParts =>
  rows(0, 8, (label, i) => [label === 0 ? 0 : label === 1 ? Math.round(((1 + (i % 12)) / 13) * highest) : highest]);
const decode = (parts: PngParts): Promise<DecodedImage> => decodeImage(pngFile(parts), 'mask.png');

describe('read as they are meant', () => {
  const cases: readonly (readonly [string, PngParts, MaskMode])[] = [
    ['0 and 255', grey([0, 255, 255]), 'binary'],
    ['one bit', bits(), 'binary'],
    ['16 bits, full range', rows(0, 16, (v) => [v > 0 ? 65535 : 0]), 'binary'],
    ['white in RGB', rows(2, 8, (v) => (v > 0 ? [255, 255, 255] : [0, 0, 0])), 'binary'],
    ['opaque alpha', rows(4, 8, (v) => [v > 0 ? 255 : 0, 255]), 'binary'],
    ['black where it is transparent', rows(6, 8, (v) => (v > 0 ? [255, 255, 255, 255] : [0, 0, 0, 0])), 'binary'],
    ['a palette of black and white', palette([0, 0, 0, 255, 255, 255]), 'binary'],
    ['0 and 1', grey([0, 1, 1]), 'nonzero'],
    ['labels 0, 1, 2', grey([0, 1, 2]), 'nonzero'],
    ['16 bits, 0 and 1', rows(0, 16, (v) => [v > 0 ? 1 : 0]), 'nonzero'],
    ['16 bits, 0 and 255', rows(0, 16, (v) => [v > 0 ? 255 : 0]), 'nonzero'],
    ['a palette of black and dark red', palette([0, 0, 0, 128, 0, 0]), 'nonzero'],
    ['a palette of black and the faintest blue', palette([0, 0, 0, 0, 0, 1]), 'nonzero'],
    ['red on black', rows(2, 8, (v) => (v > 0 ? [255, 0, 0] : [0, 0, 0])), 'nonzero'],
    ['two colours', rows(2, 8, (v) => (v === 0 ? [0, 0, 0] : v === 1 ? [0, 0, 255] : [0, 255, 0])), 'nonzero'],
    ['seams of a JPEG', rows(0, 8, (v, i) => [v > 0 ? 200 + (i % 56) : i % 9]), 'threshold'],
  ];

  it.each(cases)('%s', async (_name, parts, mode) => {
    const { mask, content, foreign } = readMask(await decode(parts), mode);
    expect(foreign).toBeUndefined();
    expect(mask.data).toEqual(lesion);
    expect(content).toBe('mixed');
  });
});

/** Which modes an advice names. */
const modesIn = (fix: string): string[] => [...fix.matchAll(/\{ masks: '(\w+)' \}/g)].map(([, mode]) => mode as string);

describe('refused with advice that helps', () => {
  const cases: readonly (readonly [string, PngParts, MaskMode, readonly MaskMode[], RegExp])[] = [
    ['0 and 1', grey([0, 1, 1]), 'binary', ['nonzero'], /values 0, 1$/],
    ['0 and 1, cut at 128', grey([0, 1, 1]), 'threshold', ['nonzero'], /values 0, 1$/],
    ['0 and 128', grey([0, 128, 128]), 'threshold', ['nonzero'], /values 0, 128$/],
    ['0, 128 and 255', grey([0, 128, 255]), 'binary', ['nonzero', 'threshold'], /values 0, 128, 255$/],
    ['0 and 200', grey([0, 200, 200]), 'binary', ['nonzero'], /values 0, 200$/],
    ['16 bits, 0 and 255', rows(0, 16, (v) => [v > 0 ? 255 : 0]), 'binary', ['nonzero'], /values 0, 255 of 65535$/],
    ['smooth outlines', smooth(255), 'binary', ['threshold', 'soft'], /1\d values/],
    ['1 and 255, no 0', grey([1, 255, 255]), 'binary', ['threshold'], /values 1, 255$/],
    ['1 and 2, no 0', grey([1, 2, 2]), 'binary', [], /values 1, 2$/],
    ['a palette of black and dark red', palette([0, 0, 0, 128, 0, 0]), 'binary', ['nonzero'], /\(128, 0, 0\)/],
    [
      'red, cut at 128',
      rows(2, 8, (v) => (v > 0 ? [255, 0, 0] : [0, 0, 0])),
      'threshold',
      ['nonzero'],
      /\(255, 0, 0\)/,
    ],
    [
      'red as a probability',
      rows(2, 8, (v) => (v > 0 ? [255, 0, 0] : [0, 0, 0])),
      'soft',
      ['nonzero'],
      /\(255, 0, 0\)/,
    ],
    ['an overlay on a bright slice', rows(2, 8, (v) => (v > 0 ? [255, 0, 0] : [90, 90, 90])), 'binary', [], /colours/],
    ['all in the alpha', rows(6, 8, (v) => [0, 0, 0, v > 0 ? 255 : 0]), 'binary', [], /a part is transparent/],
    ['red, transparent outside', rows(6, 8, (v) => [255, 0, 0, v > 0 ? 255 : 0]), 'nonzero', [], /transparent pixels/],
    ['a palette of one colour', palette([0, 0, 0, 0, 0, 0]), 'nonzero', [], /palette indices 0, 1, all of one colour/],
  ];

  it.each(cases)('%s', async (_name, parts, mode, modes, note) => {
    const picture = await decode(parts);
    const { foreign } = readMask(picture, mode);
    expect(foreign?.note).toMatch(note);
    expect(modesIn(foreign?.fix ?? '')).toEqual(modes);
    // Whoever follows the advice has a mask with both classes.
    for (const advised of modes) {
      const { content, foreign: still } = readMask(picture, advised);
      expect([advised, content, still]).toEqual([advised, 'mixed', undefined]);
    }
  });
});

describe('taken and told', () => {
  const files = phantomFiles(['1', '2'], { width: SIDE, height: SIDE, burden: 0.3 });
  const warnings = async (parts: PngParts, masks: MaskMode) =>
    (await openDataset(memorySource({ ...files, 'GT/1.png': pngFile(parts) }), { masks })).warnings;

  it('faint values that count as infected', async () => {
    const parts = rows(0, 8, (v, i) => [v > 0 ? 200 + (i % 56) : i % 9]);
    expect(await warnings(parts, 'nonzero')).toMatchObject([
      { kind: 'maskFaint', entries: [{ file: 'GT/1.png', note: expect.stringContaining('faint values 1, 2, 3') }] },
    ]);
  });

  it('a mask that says the opposite', async () => {
    expect(await warnings(grey([255, 0, 0]), 'binary')).toMatchObject([
      { kind: 'maskInverted', entries: [{ file: 'GT/1.png' }] },
    ]);
  });

  it('16-bit slices that use a part of their range, unless it is given', async () => {
    const image = (await decodeImage(files['Imgs/1.png'] as Uint8Array)).data as Uint8Array;
    const deep = encodePng({ width: SIDE, height: SIDE, data: Uint16Array.from(image, (v) => v * 16) });
    const set = memorySource({ ...files, 'Imgs/1.png': deep });
    expect((await openDataset(set)).warnings).toMatchObject([
      { kind: 'noted', entries: [{ file: 'Imgs/1.png', note: expect.stringMatching(/\{ range: .*\[0, \d+\]/) }] },
    ]);
    expect((await openDataset(set, { range: [0, 4080] })).warnings).toEqual([]);
  });

  it('empty masks may be left out', async () => {
    const source = memorySource({ ...files, 'GT/1.png': pngFile(grey([0, 0, 0])) });
    const dataset = await openDataset(source, { emptyMasks: 'drop' });
    expect(dataset.names).toEqual(['2']);
    expect(dataset.warnings).toMatchObject([{ kind: 'emptyDropped', entries: [{ file: 'GT/1.png' }] }]);
    expect((await openDataset(source)).names).toEqual(['1', '2']);
  });
});
