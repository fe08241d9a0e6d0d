/** `infnet evaluate --multi-class`: class by class, from files and from a U-Net. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeClassMap, encodePng } from '@infnet/data';
import { describe, expect, it } from 'vitest';
import { niftiOf } from '../../data/test/support/volumes.js';
import { unetWeights, writeClassPhantoms } from './multi-class-support.js';
import { infnet, temporaryFolder, write } from './support.js';

/** A class map of 16 x 16 pixels whose first ones are given and whose others are background. */
function map(...first: readonly number[]): Uint8Array {
  return encodeClassMap({
    width: 16,
    height: 16,
    channels: 1,
    data: Uint8Array.from({ length: 256 }, (_, i) => first[i] ?? 0),
  });
}

const evaluate = (...args: readonly string[]) => infnet(['evaluate', '--multi-class', ...args]);

describe('class maps in files', () => {
  // Ground-glass: 3 true, 3 predicted, 2 of them the same. Consolidation: only in a, 1 of 2 found, 1 too many in b.
  const gt = write(temporaryFolder(), { 'a.png': map(1, 1, 2, 2), 'b.png': map(1), 'c.png': map() });
  const pred = write(temporaryFolder(), {
    'a.classes.png': map(1, 0, 2, 1),
    'a.overlay.png': 'not looked at',
    'b.png': map(1, 2),
    'c.png': map(),
    'summary.csv': '',
  });

  it('scores each class over all pixels, and as mean over the slices that have to do with it', async () => {
    const out = temporaryFolder();
    const { code, stdout, stderr } = await evaluate('--pred', pred, '--gt', gt, '--out', out, '--json');
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout);
    const [background, glass, solid] = result.classes;
    expect(glass).toMatchObject({ name: 'ground-glass opacity', truth: 3, predicted: 3, dice: 4 / 6, iou: 2 / 4 });
    expect(glass).toMatchObject({ sensitivity: 2 / 3, precision: 2 / 3, specificity: 764 / 765 });
    // a: 2 / (2 + 2), b: 1; c has none and is not counted.
    expect(glass).toMatchObject({ meanDice: 0.75, slices: 2 });
    // a: 2 / 3, b: 0.
    expect(solid).toMatchObject({ truth: 2, predicted: 2, dice: 0.5, meanDice: 1 / 3, slices: 2 });
    expect(background).toMatchObject({ truth: 763, predicted: 763, slices: 3 });
    expect(result).toMatchObject({ images: 3, dice: (4 / 6 + 0.5) / 2, accuracy: 765 / 768 });
    expect(result.table).toEqual([
      [762, 0, 1],
      [1, 2, 0],
      [0, 1, 1],
    ]);
    expect(readdirSync(out)).toEqual(['scores.csv', 'scores.json']);
    const lines = readFileSync(join(out, 'scores.csv'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 9);
    expect(lines[2]).toMatch(/^a,16,16,ground-glass opacity,0\.5,/);
    // c has none: Dice is 1, sensitivity and precision are not defined.
    expect(lines[8]).toMatch(/^c,16,16,ground-glass opacity,1,1,NaN,1,NaN,0,0,$/);
    expect(result.slices[2].classes[1]).toMatchObject({ sensitivity: 'NaN', specificity: 1 });
    expect(JSON.parse(readFileSync(join(out, 'scores.json'), 'utf8')).table).toEqual(result.table);
    const text = await evaluate('--pred', pred, '--gt', gt);
    expect(text.stdout).toMatch(/ground-glass opacity +0\.6667 +0\.6667 +0\.9987 +0\.7500 +2\n/);
  });

  it('names what has no partner, another size, or is no class map; the others are scored', async () => {
    const grey = encodePng({ width: 16, height: 16, data: new Uint8Array(256).fill(77) });
    const wide = encodeClassMap({ width: 32, height: 16, channels: 1, data: new Uint8Array(512) });
    const bad = write(temporaryFolder(), { 'a.png': map(1), 'b.png': grey, 'c.png': wide, 'd.png': map() });
    const { code, stdout } = await evaluate('--pred', bad, '--gt', gt, '--json');
    expect(code).toBe(1);
    const { images, errors } = JSON.parse(stdout);
    expect(images).toBe(1);
    expect(
      errors.map(({ file, code: why }: { file: string; code: string }) => [file.split(/[\\/]/).at(-1), why]),
    ).toEqual([
      ...[
        ['d.png', 'CLI_UNPAIRED'],
        ['b.png', 'CLI_NOT_CLASSES'],
        ['c', 'CLI_UNPAIRED'],
      ],
    ]);
    const none = await evaluate('--pred', write(temporaryFolder(), { 'b.png': grey }), '--gt', gt);
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/CLI_NOTHING_SCORED/),
    });
    const apart = await evaluate('--pred', write(temporaryFolder(), { 'z.png': map() }), '--gt', gt);
    expect(apart).toMatchObject({ code: 2, stderr: expect.stringContaining('Name them alike') });
    const foreign = await evaluate('--pred', pred, '--gt', gt, '--threshold', '0.4', '--surface');
    expect(foreign.stderr).toMatch(/--threshold, --surface: not with --multi-class/);
  });
});

describe('volumes of labels', () => {
  const slice = (...first: readonly number[]) => ({
    width: 4,
    height: 3,
    data: Uint8Array.from({ length: 12 }, (_, i) => first[i] ?? 0),
  });
  const truth = niftiOf([slice(1, 1, 2, 2), slice(1)], 'uint8');
  const folders = (pred: Readonly<Record<string, Uint8Array>>, gt: Readonly<Record<string, Uint8Array>>) => [
    ...['--pred', write(temporaryFolder(), pred), '--gt', write(temporaryFolder(), gt)],
  ];

  it('are scored slice by slice and as a whole, with millilitres, in any storage order', async () => {
    const predicted = niftiOf([slice(1, 0, 2, 1), slice(1)], 'uint8', { code: 'RAS' });
    const out = temporaryFolder();
    const args = [...folders({ 'a.classes.nii': predicted }, { 'a.nii': truth }), '--out', out];
    const { code, stdout, stderr } = await evaluate(...args, '--json');
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.slices.map(({ name }: { name: string }) => name)).toEqual(['a.nii slice 0', 'a.nii slice 1']);
    const [, glass, solid] = result.classes;
    expect(glass).toMatchObject({ truth: 3, predicted: 3, dice: 4 / 6 });
    expect(solid).toMatchObject({ truth: 2, predicted: 1, dice: 2 / 3 });
    const [volume] = result.volumes;
    expect(volume).toMatchObject({ name: 'a', slices: 2, accuracy: 22 / 24 });
    expect(volume.classes[1]).toMatchObject({ dice: 4 / 6, truth: 3 });
    expect(volume.classes[1].truthMillilitres).toBeCloseTo(3 * 0.8 * 0.8 * 5 * 1e-3, 6);
    expect(volume.classes[2].predictedMillilitres).toBeCloseTo(0.8 * 0.8 * 5 * 1e-3, 6);
    expect(result.files.volumes).toBe(join(out, 'volumes.csv'));
    const lines = readFileSync(join(out, 'volumes.csv'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 3);
    expect(lines[2]).toMatch(/^a,2,ground-glass opacity,0\.0096\d*,0\.0096\d*,0\.666/);
  });

  it('name what is no label, another grid, and a volume beside a picture', async () => {
    const bad = {
      'a.nii': niftiOf([slice(1, 3), slice()], 'uint8'),
      'b.nii': niftiOf([slice(), slice(), slice()], 'uint8'),
      'c.png': map(1),
      'd.nii': truth,
    };
    const args = folders(bad, { 'a.nii': truth, 'b.nii': truth, 'c.nii': truth, 'd.nii': truth });
    const { code, stdout } = await evaluate(...args, '--json');
    expect(code).toBe(1);
    const { images, errors } = JSON.parse(stdout);
    expect(images).toBe(2);
    const said = errors.map(({ file, code: why }: { file: string; code: string }) => [file.split(/[\\/]/).at(-1), why]);
    expect(said).toEqual([
      ['c.png', 'CLI_UNPAIRED'],
      ['a.nii', 'CLI_NOT_CLASSES'],
      ['b.nii', 'CLI_GRID'],
    ]);
    expect(errors[1]).toMatchObject({
      message: expect.stringContaining('the value 3'),
      fix: expect.stringContaining('0 to 2'),
    });
  });
});

describe('a U-Net', () => {
  it('has the scores of the class maps that infnet segment makes with it', async () => {
    const folder = temporaryFolder();
    const data = writeClassPhantoms(join(folder, 'set'));
    write(folder, { 'u.safetensors': unetWeights({ width: 1 / 16 }, { channel_order: 'classes' }) });
    const weights = join(folder, 'u.safetensors');
    const out = join(folder, 'maps');
    const made = await infnet([
      ...['segment', join(data, 'Imgs'), '--multi-class', '--weights', weights, '--priors', join(data, 'Prior')],
      ...['--size', '32', '--out', out],
    ]);
    expect(made.code, made.stderr).toBe(0);
    const files = JSON.parse((await evaluate('--pred', out, '--gt', join(data, 'GT'), '--json')).stdout);
    const net = await evaluate('--weights', weights, '--data', data, '--size', '32', '--batch', '2', '--json');
    expect(net.code, net.stderr).toBe(0);
    expect(JSON.parse(net.stdout)).toMatchObject({
      images: 5,
      table: files.table,
      classes: files.classes,
      slices: files.slices,
    });
    const part = await evaluate('--weights', weights, '--data', data, '--size', '32', '--validate', '1,3', '--json');
    expect(JSON.parse(part.stdout).slices.map(({ name }: { name: string }) => name)).toEqual(['1', '3']);
  });
});
