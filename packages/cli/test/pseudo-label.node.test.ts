/** `infnet pseudo-label`: a data set of slices and the masks that a net predicts. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage, openDataset } from '@infnet/data';
import { folderSource } from '@infnet/node';
import { writeTorchZip } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { infnet, phantomPng, recipeWeights, SMALL, temporaryFolder, write } from './support.js';

const folder = temporaryFolder();
const weights = join(folder, 'w.pth');
writeFileSync(weights, writeTorchZip(recipeWeights(SMALL)));
const flat = join(folder, 'flat');
mkdirSync(flat);
write(flat, { 'a.png': phantomPng(1, 90, 75), 'b.png': phantomPng(2, 70, 80) });

const grey = async (...path: string[]): Promise<Uint8Array> =>
  (await decodeImage(new Uint8Array(readFileSync(join(...path))))).data as Uint8Array;

describe('labelling', () => {
  it('makes a data set to train on, each mask at its slice’s own size and stretched', async () => {
    const out = join(folder, 'out');
    const { code, stdout, stderr } = await infnet([
      ...['pseudo-label', '--data', flat, '--weights', weights, '--out', out, '--size', '64', '--batch', '2', '--json'],
    ]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, slices: [{ name: 'a' }, { name: 'b' }], errors: [] });
    for (const name of ['Imgs', 'GT', 'Edge']) expect(readdirSync(join(out, name))).toEqual(['a.png', 'b.png']);
    expect(readFileSync(join(out, 'Imgs', 'a.png'))).toEqual(readFileSync(join(flat, 'a.png')));
    const dataset = await openDataset(folderSource(out), { masks: 'soft' });
    expect(dataset.names).toEqual(['a', 'b']);
    expect(await dataset.slice(0)).toMatchObject({ mask: { width: 90, height: 75 } });
    const mask = await grey(out, 'GT', 'a.png');
    expect(Math.max(...mask) - Math.min(...mask)).toBeGreaterThan(200);
    expect(new Set(mask).size).toBeGreaterThan(50);
  });

  it('as probabilities it is what infnet segment writes', async () => {
    const [out, segmented] = [join(folder, 'plain'), join(folder, 'segmented')];
    const common = ['--weights', weights, '--size', '64'];
    const made = await infnet(['pseudo-label', '--data', flat, '--out', out, '--labels', 'probability', ...common]);
    expect(made.code, made.stderr).toBe(0);
    expect((await infnet(['segment', join(flat, 'a.png'), '--out', segmented, ...common])).code).toBe(0);
    const [label, probability] = [await grey(out, 'GT', 'a.png'), await grey(segmented, 'a.prob.png')];
    // The label is rounded to 8 bit before it is resized, as pseudo labels are.
    const apart = label.reduce((most, v, i) => Math.max(most, Math.abs(v - (probability[i] as number))), 0);
    expect(apart).toBeLessThanOrEqual(1);
  });
});

describe('what is refused', () => {
  it.each([
    ['an empty folder', (): string => temporaryFolder(), /DATA_DATASET/],
    ['a folder that is not there', (): string => join(folder, 'none'), /FILE_NOT_FOUND/],
    [
      'slices that cannot be read',
      (): string => write(temporaryFolder(), { 'x.png': 'text' }),
      /DATA_DATASET.*x\.png/s,
    ],
  ])('%s', async (_name, data, pattern) => {
    const out = join(folder, 'refused');
    const { code, stderr } = await infnet([
      'pseudo-label',
      '--data',
      data(),
      '--weights',
      weights,
      '--out',
      out,
      '--size',
      '64',
    ]);
    expect(stderr).toMatch(pattern);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  it('writing among the slices', async () => {
    const { code, stderr } = await infnet(['pseudo-label', '--data', flat, '--weights', weights, '--out', flat]);
    expect(code).toBe(2);
    expect(stderr).toContain('CLI_OUTPUT_CLASH');
  });
});
