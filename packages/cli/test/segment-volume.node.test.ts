/** `infnet segment volume.nii.gz`: masks and probabilities on the volume's own grid. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '@infnet/checkpoint';
import {
  decodeImage,
  encodePng,
  probabilityToU8,
  readNifti,
  readProvenance,
  reorientVolume,
  type Volume,
  volumeSlice,
} from '@infnet/data';
import { gunzipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixture, refused } from '../../data/test/fixtures/nifti.js';
import { main } from '../src/index.js';
import { infnet, recipeWeights, SMALL, temporaryFolder, write } from './support.js';

const folder = temporaryFolder();
const weights = join(folder, 'w.safetensors');
const { bytes: chestBytes } = fixture('chest.nii.gz');
const chest = readNifti(chestBytes);
const SIZE = ['--size', '64'];

function refusedBytes(name: string): Uint8Array {
  return (refused.find((file) => file.name === name) as (typeof refused)[number]).bytes;
}

function volumeIn(out: string, name: string): Volume {
  return readNifti(new Uint8Array(readFileSync(join(out, name))), name);
}

/** The file of a volume whose header and data are right. */
function fileOf({ header, data }: Volume): Uint8Array {
  return Buffer.concat([header, new Uint8Array(4), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}

beforeAll(() => {
  const state = recipeWeights(SMALL);
  write(folder, { 'w.safetensors': writeSafetensors([...state].map(([name, tensor]) => ({ name, ...tensor }))) });
});

describe('segment', () => {
  it('a volume of another program beside a picture of one of its slices: the same result, on the same grid', async () => {
    const inputs = write(temporaryFolder(), {
      'chest.nii.gz': chestBytes,
      'two.png': encodePng(volumeSlice(chest, 2)),
      'notes.txt': 'neither',
    });
    const out = join(folder, 'mixed');
    const argv = ['segment', inputs, '--weights', weights, '--out', out, ...SIZE, '--no-time', '--json'];
    const { code, stdout, stderr } = await infnet([...argv, '--threshold', '0.25']);
    expect(code, stderr).toBe(0);
    const document = JSON.parse(stdout);
    expect(document.settings).toMatchObject({ window: 'lung', orient: 'released' });
    expect(document.slices).toHaveLength(1);
    const [volume] = document.volumes;
    expect(volume).toMatchObject({
      file: join(inputs, 'chest.nii.gz'),
      stem: 'chest',
      width: 40,
      height: 36,
      depth: 5,
      orientation: 'LPS',
      window: [-1350, 150],
      notes: [],
      sheet: [0, 1, 2, 3, 4],
      outputs: ['chest.prob.nii.gz', 'chest.mask.nii.gz', 'chest.overlay.png'],
    });
    expect(readdirSync(out).sort()).toEqual(
      [...volume.outputs, 'two.mask.png', 'two.overlay.png', 'two.prob.png', 'summary.csv'].sort(),
    );

    const prob = volumeIn(out, 'chest.prob.nii.gz');
    const mask = volumeIn(out, 'chest.mask.nii.gz');
    for (const made of [prob, mask]) {
      const { width, height, depth, affine, affineFrom, spacing, unit, orientation } = chest;
      expect(made).toMatchObject({ width, height, depth, affine, affineFrom, spacing, unit, orientation });
      for (const [from, to] of [
        [40, 56],
        [76, 108],
        [252, 328],
      ])
        expect(made.header.subarray(from, to)).toEqual(chest.header.subarray(from, to));
    }
    expect(mask.datatype).toBe('uint8');
    expect([...mask.data]).toEqual(Array.from(prob.data, (p) => (p >= 0.25 ? 1 : 0)));

    // Slice 2 lies transposed in the picture: i down, j to the right.
    const picture = await decodeImage(new Uint8Array(readFileSync(join(out, 'two.prob.png'))));
    expect(picture).toMatchObject({ width: 36, height: 40 });
    const area = 40 * 36;
    const lying = Float32Array.from({ length: area }, (_, at) => {
      const [i, j] = [Math.floor(at / 36), at % 36];
      return prob.data[2 * area + j * 40 + i] as number;
    });
    expect(picture.data).toEqual(probabilityToU8(lying));
    expect(new Set(picture.data).size).toBeGreaterThan(5);

    // The table: a line per slice, the total, then the picture.
    const counts = [0, 1, 2, 3, 4].map((k) =>
      Array.from(mask.data.subarray(k * area, (k + 1) * area)).reduce((sum, v) => sum + v, 0),
    );
    const all = counts.reduce((sum, n) => sum + n, 0);
    expect(all).toBeGreaterThan(0);
    expect(all).toBeLessThan(5 * area);
    const millilitres = (n: number): number => n * ((0.9 * 0.8 * 3) / 1000);
    expect(volume).toMatchObject({ infectedVoxels: all, infectedFraction: all / (5 * area) });
    expect(volume.infectedMillilitres).toBeCloseTo(millilitres(all), 5);
    const line = (file: string, slice: string | number, size: string, n: number, of: number, ml: string): string =>
      [join(inputs, file), slice, size, n, (n / of).toFixed(6), ml, ''].join(',');
    // Both volumes and every row say where they come from.
    const provenance = { weights: 'w.safetensors', window: [-1350, 150], orient: 'released', size: 64 };
    expect(readProvenance(new Uint8Array(readFileSync(join(out, 'chest.mask.nii.gz'))))).toMatchObject({
      ...provenance,
      threshold: 0.25,
    });
    const ofProbability = readProvenance(new Uint8Array(readFileSync(join(out, 'chest.prob.nii.gz'))));
    expect(ofProbability).toMatchObject(provenance);
    expect(ofProbability).not.toHaveProperty('threshold');
    expect(mask.description).toMatch(/^infnet \S+ p>=0\.25 weights [0-9a-f]{12} 64px -1350\.\.150 /);
    const table = readFileSync(join(out, 'summary.csv'), 'utf8').trimEnd().split('\n');
    for (const row of table.slice(1, 7)) expect(row).toContain(',64,-1350 to 150,released,,0.25,');
    expect(table.map((row) => row.split(',').slice(0, 8).join())).toEqual([
      'file,slice,width,height,infected_pixels,infected_fraction,infected_ml,error',
      ...counts.map((n, k) => line('chest.nii.gz', k, '40,36', n, area, millilitres(n).toFixed(3))),
      line('chest.nii.gz', 'all', '40,36', all, 5 * area, millilitres(all).toFixed(3)),
      line('two.png', '', '36,40', counts[2] as number, area, ''),
    ]);
    const sheet = await decodeImage(new Uint8Array(readFileSync(join(out, 'chest.overlay.png'))));
    // Four tiles in a row, each six times its slice.
    expect(sheet).toMatchObject({ width: 4 * 6 * 36 + 3 * 4, height: 2 * 6 * 40 + 4, channels: 3 });
  });

  it('volumes that cannot be read or used are told by name; another one is done, in batches and as stored', async () => {
    const chestPlain = gunzipSync(chestBytes);
    const greys = chestPlain.slice();
    new Int16Array(greys.buffer, 352).forEach((value, i, data) => {
      data[i] = Math.round((value + 1100) / 10);
    });
    const inputs = write(temporaryFolder(), {
      'cut.nii.gz': chestBytes.subarray(0, 1500),
      'series.nii.gz': refusedBytes('series.nii.gz'),
      'tiny.nii.gz': fixture('scaled.nii.gz').bytes,
      'windowed.nii': greys,
    });
    const pair = join(write(temporaryFolder(), { 'pair.hdr': refusedBytes('pair.hdr') }), 'pair.hdr');
    const out = join(folder, 'bad');
    const argv = ['segment', inputs, pair, '--weights', weights, '--out', out, ...SIZE, '--batch', '2'];
    const { code, stdout, stderr } = await infnet([...argv, '--orient', 'as-stored', '--json']);
    expect(code).toBe(1);
    const { errors, volumes, settings } = JSON.parse(stdout);
    const codes = errors.map((error: { file: string; code: string }) => [error.file.split('/').at(-1), error.code]);
    expect(Object.fromEntries(codes)).toEqual({
      'cut.nii.gz': 'DATA_TRUNCATED',
      'series.nii.gz': 'DATA_NIFTI_SERIES',
      'tiny.nii.gz': 'DATA_TOO_SMALL',
      'pair.hdr': 'DATA_NIFTI_PAIR',
    });
    expect(settings).toMatchObject({ orient: 'as-stored', batch: 2 });
    expect(volumes).toHaveLength(1);
    expect(volumes[0].slices.map((slice: { index: number }) => slice.index)).toEqual([0, 1, 2, 3, 4]);
    expect(volumes[0].notes[0]).toContain('not in Hounsfield units');
    expect(stderr).toContain('try --window minmax');
    expect(readdirSync(out).sort()).toEqual([
      'summary.csv',
      'windowed.mask.nii.gz',
      'windowed.overlay.png',
      'windowed.prob.nii.gz',
    ]);
    const lines = readFileSync(join(out, 'summary.csv'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 3 + 6 + 1);
    expect(lines[1]).toMatch(/cut\.nii\.gz,{8}"DATA_TRUNCATED: /);
  });

  it('one patient in four storage orders: the same mask in the patient, the same ml', async () => {
    const codes = ['LPS', 'LAS', 'RAI', 'PSL'];
    const inputs = write(
      temporaryFolder(),
      Object.fromEntries(codes.map((code) => [`${code}.nii`, fileOf(reorientVolume(chest, code))])),
    );
    const out = join(folder, 'orders');
    const argv = ['segment', inputs, '--weights', weights, '--out', out, ...SIZE, '--threshold', '0.25', '--json'];
    const { code, stdout, stderr } = await infnet(argv);
    expect(code, stderr).toBe(0);
    const volumes = JSON.parse(stdout).volumes as Record<string, unknown>[];
    expect(Object.fromEntries(volumes.map(({ stem, orientation, axis }) => [stem, [orientation, axis]]))).toEqual({
      LPS: ['LPS', 'k'],
      LAS: ['LAS', 'k'],
      RAI: ['RAI', 'k'],
      PSL: ['PSL', 'j'],
    });
    const lps = volumeIn(out, 'LPS.prob.nii.gz');
    for (const order of codes) {
      expect(reorientVolume(volumeIn(out, `${order}.prob.nii.gz`), 'LPS').data, order).toEqual(lps.data);
      const { infectedMillilitres, slices } = volumes.find(({ stem }) => stem === order) as Record<string, unknown>;
      expect(infectedMillilitres, order).toBeCloseTo(volumes[0]?.['infectedMillilitres'] as number, 6);
      expect(slices, order).toHaveLength(5);
    }
    expect(volumes[0]?.['infectedMillilitres']).toBeGreaterThan(0);
    const sizes = readFileSync(join(out, 'summary.csv'), 'utf8')
      .split('\n')
      .map((line) => line.split(',').slice(2, 4).join());
    // Slices lie along j, so they have the extents of i and k.
    expect(sizes.slice(1 + 2 * 6, 1 + 3 * 6)).toEqual(Array(6).fill('36,40'));
  });

  it('stopped within a volume: nothing of it is written', async () => {
    const inputs = write(temporaryFolder(), { 'chest.nii.gz': chestBytes });
    const out = join(folder, 'stopped');
    const controller = new AbortController();
    let stderr = '';
    const code = await main(['segment', inputs, '--weights', weights, '--out', out, ...SIZE], {
      stdout: { write: () => {} },
      stderr: {
        write: (text) => {
          stderr += text;
          if (text.startsWith('segmenting chest.nii.gz')) controller.abort();
        },
      },
      signal: controller.signal,
    });
    expect(code).toBe(130);
    expect(stderr).toContain('stopped after 0 of 1 files');
    expect(readdirSync(out)).toEqual(['summary.csv']);
  });
});

describe('usage', () => {
  it('a window that is none, and results that would meet', async () => {
    for (const window of ['5,2', 'x', '1', '1,2,3', ',']) {
      const { code, stderr } = await infnet(['segment', 'x', '--weights', 'w', '--out', 'o', '--window', window]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('Give lung, minmax')]);
    }
    const inputs = write(temporaryFolder(), { 'a.nii.gz': chestBytes, 'a.png': encodePng(volumeSlice(chest, 0)) });
    const clash = await infnet(['segment', inputs, '--weights', weights, '--out', join(folder, 'o')]);
    expect([clash.code, clash.stderr]).toEqual([2, expect.stringContaining('both write a.overlay.png')]);
    const one = join(write(temporaryFolder(), { 'b.nii': chestBytes }), 'b.nii');
    const window = ['--window', '-1000,400'];
    const missing = await infnet(['segment', one, '--weights', join(folder, 'none.pth'), '--out', folder, ...window]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('FILE_NOT_FOUND')]);
  });
});
