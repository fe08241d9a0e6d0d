/**
 * NIfTI volumes as truth, as predictions, as training data and to be labelled: the form of public CT sets, and of
 * infnet's own results.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodePng, type GreyImage, openDataset, readNifti } from '@infnet/data';
import { surfaceScores } from '@infnet/metrics';
import { folderSource } from '@infnet/node';
import { writeTorchZip } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { labelled, niftiOf, patient } from '../../data/test/support/volumes.js';
import { infnet, recipeWeights, SMALL, temporaryFolder } from './support.js';
import { logOf } from './train-support.js';

function put(root: string, files: Readonly<Record<string, Uint8Array>>): string {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
  return root;
}

const folder = temporaryFolder();
const weights = join(folder, 'w.pth');
writeFileSync(weights, writeTorchZip(recipeWeights(SMALL)));
const [one, two] = [patient(1, 3), patient(2, 2)];
const truth = niftiOf(labelled(one.masks), 'uint8');
const set = put(join(folder, 'set'), {
  'Imgs/a.nii': niftiOf(one.images, 'hounsfield'),
  'GT/a.nii': truth,
  'Imgs/b.nii': niftiOf(two.images, 'hounsfield'),
  'GT/b.nii': niftiOf(labelled(two.masks), 'uint8', { code: 'RAS' }),
});

async function evaluate(files: Readonly<Record<string, Uint8Array>>, ...more: readonly string[]) {
  const root = put(temporaryFolder(), files);
  const folders = ['--pred', join(root, 'pred'), '--gt', join(root, 'gt')];
  const { code, stdout, stderr } = await infnet(['evaluate', ...folders, '--json', '--bootstrap', '0', ...more]);
  return { code, stderr, root, document: JSON.parse(stdout) };
}

describe('evaluate', () => {
  it('a predicted mask against the truth, slice by slice and as a whole', async () => {
    // The prediction lacks the lesion of the last slice.
    const part = [...one.masks.slice(0, 2), ...labelled(one.masks.slice(2), 0)];
    const pred = niftiOf(labelled(part), 'uint8');
    const out = temporaryFolder();
    const { code, stderr, document } = await evaluate({ 'pred/a.mask.nii': pred, 'gt/a.nii': truth }, '--out', out);
    expect(code, stderr).toBe(0);
    expect(document.slices).toMatchObject([
      { name: 'a.nii slice 0', volume: 'a', dice: 1, infectedTruth: 0 },
      { name: 'a.nii slice 1', volume: 'a', dice: 1 },
      { name: 'a.nii slice 2', volume: 'a', dice: 0 },
    ]);
    const voxels = one.masks.map(({ data }) => data.filter((v) => v > 0).length);
    const [, tp = 0, fn = 0] = voxels;
    const ml = 0.8 * 0.8 * 5 * 1e-3;
    const [volume] = document.volumes;
    expect(volume).toMatchObject({ name: 'a', slices: 3, counts: { tp, fp: 0, fn }, sensitivity: tp / (tp + fn) });
    expect(volume.dice).toBeCloseTo((2 * tp) / (2 * tp + fn), 12);
    expect(volume.truthMillilitres).toBeCloseTo((tp + fn) * ml, 4);
    expect(volume.predictedMillilitres).toBeCloseTo(tp * ml, 4);
    const [header, line] = readFileSync(join(out, 'volumes.csv'), 'utf8').split('\n');
    expect(line?.split(',')[header?.split(',').indexOf('tp') as number]).toBe(String(tp));
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('All voxels of a volume');
  });

  it.each([
    ['another storage order', niftiOf(labelled(one.masks), 'uint8', { code: 'SAR' }), []],
    ['0 and 255', niftiOf(one.masks, 'uint8'), []],
    ['probabilities', niftiOf(labelled(one.masks, 200), 'share'), []],
    ['no place said', niftiOf(labelled(one.masks), 'uint8', { placed: false }), []],
  ])('%s gives Dice 1', async (_name, pred, more) => {
    const { code, stderr, document } = await evaluate({ 'pred/a.nii': pred, 'gt/a.NII': truth }, ...more);
    expect(code, stderr).toBe(0);
    expect(document).toMatchObject({ dice: 1, images: 3, volumes: [{ dice: 1 }] });
  });

  it.each([
    ['CLI_GRID', { 'pred/a.nii': niftiOf(labelled(one.masks.slice(1)), 'uint8'), 'gt/a.nii': truth }],
    ['CLI_GRID', { 'pred/a.nii': niftiOf(labelled(one.masks), 'uint8', { origin: [0, 0, 99] }), 'gt/a.nii': truth }],
    ['CLI_NOT_MAP', { 'pred/a.nii': niftiOf(labelled(one.masks, 2), 'uint8'), 'gt/a.nii': truth }],
    ['CLI_NOT_BINARY', { 'pred/a.nii': truth, 'gt/a.nii': niftiOf(labelled(one.masks, 2), 'uint8') }],
    ['DATA_TRUNCATED', { 'pred/a.nii': truth.subarray(0, 3000), 'gt/a.nii': truth }],
  ])('%s: named, and nothing is scored', async (code, files) => {
    const { code: exit, document } = await evaluate(files);
    expect(exit).toBe(2);
    expect(document.error.message).toContain(`[${code}]`);
  });

  it('surface distances are in millimetres where the volume says how large its voxels are', async () => {
    const spacing = [0.5, 2, 5] as const;
    const files = {
      'pred/a.nii': niftiOf(labelled([...one.masks.slice(1), ...one.masks.slice(0, 1)]), 'uint8', { spacing }),
      'gt/a.nii': niftiOf(labelled(one.masks), 'uint8', { spacing }),
    };
    const { code, stderr, document } = await evaluate(files, '--surface');
    expect(code, stderr).toBe(0);
    expect(document.settings).toMatchObject({ unit: 'mm', spacing: null });
    const [mask, shown] = [one.masks[1], one.masks[2]] as [GreyImage, GreyImage];
    // The released orientation has i down and j to the right.
    const shape = [mask.height, mask.width];
    const expected = surfaceScores(shown.data, mask.data, { shape, spacing: [0.5, 2] });
    expect(document.slices[1].hausdorff95).toBeCloseTo(expected.hausdorff95, 5);
    const pixels = surfaceScores(shown.data, mask.data, { shape, spacing: [1, 1] });
    expect(expected.hausdorff95).not.toBeCloseTo(pixels.hausdorff95, 1);
    const given = await evaluate(files, '--spacing', '1,1');
    expect(given.document.slices[1].hausdorff95).toBeCloseTo(pixels.hausdorff95, 5);
    expect(given.document.settings).toMatchObject({ unit: 'mm', spacing: [1, 1] });
  });

  it('slices that do not say their size take no part in means of millimetres, and that is told', async () => {
    const picture = encodePng(one.masks[1] as GreyImage);
    const files = { 'pred/a.nii': truth, 'gt/a.nii': truth, 'pred/p.png': picture, 'gt/p.png': picture };
    const { document } = await evaluate(files, '--surface');
    expect(document.surface.hausdorff95).toMatchObject({ slices: 3 });
    expect(document.notes.join()).toMatch(/1 of 4 slices do not say how large their pixels are.*--spacing/);
  });

  it('labels of the truth are joined when asked for, and the scan is shown', async () => {
    const files = { 'pred/a.nii': truth, 'gt/a.nii': niftiOf(labelled(one.masks, 2), 'uint8') };
    const scans = put(temporaryFolder(), { 'a.nii': niftiOf(one.images, 'hounsfield', { code: 'RAS' }) });
    const out = temporaryFolder();
    const { code, document } = await evaluate(files, '--masks', 'nonzero', '--images', scans, '--out', out);
    expect([code, document.dice]).toEqual([0, 1]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('alt="slice a.nii slice 1"');
  });

  it('the results of infnet segment, and the net itself on a data set, have the same scores', async () => {
    const results = join(folder, 'results');
    const common = ['--weights', weights, '--size', '64', '--json'];
    const made = await infnet(['segment', join(set, 'Imgs'), '--out', results, ...common]);
    expect(made.code, made.stderr).toBe(0);
    const argv = ['evaluate', '--json', '--bootstrap', '0'];
    const files = await infnet([...argv, '--pred', results, '--gt', join(set, 'GT'), '--which', 'mask']);
    const net = await infnet([...argv, '--data', set, ...common.slice(0, 4)]);
    expect([files.code, net.code], files.stderr + net.stderr).toEqual([0, 0]);
    const [ofFiles, ofNet] = [JSON.parse(files.stdout), JSON.parse(net.stdout)];
    const counts = (document: typeof ofNet) =>
      document.volumes.map((v: { name: string; counts: object }) => [v.name, v.counts]);
    expect(counts(ofNet)).toEqual(counts(ofFiles));
    expect(ofNet.slices.map(({ name }: { name: string }) => name)).toEqual([
      ...['a.nii slice 0', 'a.nii slice 1', 'a.nii slice 2', 'b.nii slice 0', 'b.nii slice 1'],
    ]);
  });
});

describe('train and pseudo-label', () => {
  const QUICK = '--size 64 --width 0.125 --channels 4 --batch 2 --epochs 1 --samples 1'.split(' ');

  it('trains on the slices of volumes, a volume on one side', async () => {
    const out = join(folder, 'run');
    const { code, stderr } = await infnet(['train', '--data', set, '--out', out, '--validate', '0.5', ...QUICK]);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/reading slices: 5\/5/);
    expect(stderr).toContain('mask without any infected pixel, 2: GT/a.nii slice 0, GT/b.nii slice 0');
    const [start] = logOf(out, 'start');
    expect(start).toBeDefined();
    const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(JSON.stringify(config)).toContain('"orient":"released"');
  });

  it('refuses to take a volume apart, and a validation of the only one, in words of the command line', async () => {
    const refuse = async (data: string, validate: string): Promise<string> => {
      const { code, stderr } = await infnet([
        ...['train', '--data', data, '--out', join(folder, 'none'), '--validate', validate, ...QUICK],
      ]);
      expect([code, existsSync(join(folder, 'none'))]).toEqual([2, false]);
      return stderr;
    };
    expect(await refuse(set, '1,2')).toMatch(/Imgs\/a\.nii is at 0 to 2.*--validate positions like 4,9,14/s);
    const single = put(join(folder, 'single'), { 'Imgs/a.nii': niftiOf(one.images, 'hounsfield'), 'GT/a.nii': truth });
    expect(await refuse(single, '0.3')).toMatch(/slices of one volume.*--validate train/s);
    const elsewhere = put(join(folder, 'elsewhere'), {
      'Imgs/a.nii': niftiOf(one.images, 'hounsfield'),
      'GT/a.nii': niftiOf(labelled(one.masks), 'uint8', { origin: [0, 0, 0] }),
    });
    expect(await refuse(elsewhere, 'none')).toMatch(/first voxel at \(0, 0, 0\) mm.*--orient transposed/s);
  });

  it('a single volume is trained on without a validation where none was asked for, and that is told', async () => {
    const data = put(join(folder, 'alone'), { 'Imgs/a.nii': niftiOf(one.images, 'hounsfield'), 'GT/a.nii': truth });
    const argv = ['train', '--data', data, '--out', join(folder, 'alone-run'), '--empty-masks', 'drop'];
    const { code, stderr } = await infnet([...argv, ...QUICK]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('infnet: mask without any infected pixel, left out, 1: GT/a.nii slice 0');
    expect(stderr).toContain('infnet: all 2 slices are of one volume, so nothing is validated; --validate train');
  });

  it('labels a volume as a volume, which can be trained on', async () => {
    const out = join(folder, 'labels');
    const scans = join(set, 'Imgs');
    const argv = ['pseudo-label', '--data', scans, '--weights', weights, '--out', out, '--size', '64', '--batch', '2'];
    const { code, stdout, stderr } = await infnet([...argv, '--json']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).slices).toHaveLength(5);
    expect(readdirSync(out).sort()).toEqual(['GT', 'Imgs']);
    expect(readdirSync(join(out, 'GT'))).toEqual(['a.nii.gz', 'b.nii.gz']);
    expect(readFileSync(join(out, 'Imgs', 'a.nii'))).toEqual(readFileSync(join(scans, 'a.nii')));
    const label = readNifti(new Uint8Array(readFileSync(join(out, 'GT', 'a.nii.gz'))));
    expect(label).toMatchObject({ width: 64, height: 72, depth: 3, datatype: 'float32', orientation: 'LPS' });
    const dataset = await openDataset(folderSource(out), { masks: 'soft' });
    expect(dataset.length).toBe(5);
    // Stretched to full contrast, slice by slice.
    const { mask } = await dataset.slice(1);
    expect(Math.max(...mask.data) - Math.min(...mask.data)).toBeGreaterThan(200);
  });
});
