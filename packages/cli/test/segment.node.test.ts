import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '@infnet/checkpoint';
import { evaluate, open, ParameterStore } from '@infnet/core';
import {
  decodeImage,
  encodePng,
  preprocessSlice,
  probabilityToU8,
  readNpy,
  readProvenance,
  resizeBilinearFloat,
  sha256,
  withPngText,
} from '@infnet/data';
import { infection } from '@infnet/segmentation';
import { writeTorchZip } from '@infnet/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { chunk, concat, GREY_JPEG, SIGNATURE } from '../../data/test/support/pictures.js';
import { loadWeights } from '../src/commands/segment/weights.js';
import {
  contents,
  infnet,
  phantomPng,
  phantomPng16,
  phantomRgb,
  recipeWeights,
  SMALL,
  temporaryFolder,
  write,
} from './support.js';

const folder = temporaryFolder();
const slices = temporaryFolder();
const safetensors = join(folder, 'w.safetensors');
const pth = join(folder, 'w.pth');

/** A whole file but for the pixels: a decoder that trusts it would take 400 million of them. */
function hugePng(side: number): Uint8Array {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, side);
  new DataView(header.buffer).setUint32(4, side);
  header.set([8, 0, 0, 0, 0], 8);
  return concat(SIGNATURE, chunk('IHDR', header), chunk('IDAT', new Uint8Array(20)), chunk('IEND', new Uint8Array(0)));
}

beforeAll(() => {
  const state = recipeWeights(SMALL);
  write(folder, {
    'w.safetensors': writeSafetensors([...state].map(([name, tensor]) => ({ name, ...tensor }))),
    'w.pth': writeTorchZip(state),
  });
  write(slices, {
    'grey.png': phantomPng(1, 90, 75),
    'deep.PNG': phantomPng16(2, 64, 110),
    'colour.png': phantomRgb(3, 70, 64),
    'photo.jpeg': GREY_JPEG,
    'notes.txt': 'not a slice',
    // As macOS leaves beside a picture on a foreign disk.
    '._grey.png': 'resource fork',
  });
});

describe('segment', () => {
  it("writes all results at the slices' own sizes, twice the same from .pth and from safetensors", async () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const first = await infnet([
      'segment',
      slices,
      '--weights',
      safetensors,
      '--out',
      one,
      '--size',
      '64',
      '--format',
      'npy',
      '--no-time',
      '--json',
    ]);
    expect(first.code, first.stderr).toBe(0);
    const second = await infnet([
      'segment',
      slices,
      '--weights',
      pth,
      '--out',
      two,
      '--size',
      '64',
      '--format',
      'npy',
      '--no-time',
    ]);
    expect(second.code, second.stderr).toBe(0);
    expect(second.stdout).toContain('4 of 4 slices segmented');

    const [a, b] = [contents(one), contents(two)];
    const stems = ['colour', 'deep', 'grey', 'photo'];
    const kinds = ['logits.npy', 'mask.png', 'overlay.png', 'prob.png'];
    expect([...a.keys()]).toEqual(
      [...stems.flatMap((stem) => kinds.map((kind) => `${stem}.${kind}`)), 'summary.csv'].sort(),
    );
    expect([...b.keys()]).toEqual([...a.keys()]);
    // The two files of weights have other hashes and names: what is left without them is the same to the byte.
    const without = (name: string, bytes: Buffer): string => {
      if (name.endsWith('.png')) return Buffer.from(withPngText(bytes, 'infnet', undefined)).toString('base64');
      return name.endsWith('.csv')
        ? String(bytes).replace(/w\.(pth|safetensors),[0-9a-f]{64}/g, '')
        : bytes.toString('base64');
    };
    for (const [name, bytes] of a)
      expect(without(name, bytes) === without(name, b.get(name) as Buffer), name).toBe(true);
    for (const [outputs, file] of [
      [a, safetensors],
      [b, pth],
    ] as const) {
      const hash = await sha256(new Uint8Array(readFileSync(file)));
      for (const kind of ['mask', 'overlay', 'prob']) {
        const provenance = readProvenance(new Uint8Array(outputs.get(`grey.${kind}.png`) as Buffer));
        expect(provenance).toEqual({
          version: '0.1.0',
          weights: file.slice(folder.length + 1),
          weightsSha256: hash,
          net: 'res2net50, width 0.25, 8 channels',
          size: 64,
          ...(kind === 'prob' ? {} : { threshold: 0.5 }),
          precision: expect.any(String),
          adapter: expect.any(String),
        });
      }
      expect(String(outputs.get('summary.csv')).split(hash)).toHaveLength(5);
    }

    const sizes = { colour: [70, 64], deep: [64, 110], grey: [90, 75], photo: [33, 21] };
    for (const [stem, [width, height]] of Object.entries(sizes)) {
      for (const kind of ['mask', 'overlay', 'prob']) {
        const picture = await decodeImage(new Uint8Array(a.get(`${stem}.${kind}.png`) as Buffer));
        expect(picture).toMatchObject({ width, height, channels: kind === 'overlay' ? 3 : 1, depth: 8 });
        if (kind === 'mask') expect([...new Set(picture.data)].every((v) => v === 0 || v === 255)).toBe(true);
      }
    }

    const document = JSON.parse(first.stdout);
    expect(document).toMatchObject({
      command: 'segment',
      ok: true,
      exitCode: 0,
      adapter: { software: expect.any(Boolean), kind: expect.any(String) },
      weights: { backbone: 'res2net50', width: 0.25, channels: 8, format: 'safetensors' },
      settings: { size: 64, threshold: 0.5, batch: 1, stretch: false },
      errors: [],
      ignored: expect.arrayContaining([join(slices, '._grey.png'), join(slices, 'notes.txt')]),
    });
    for (const key of ['readSeconds', 'startSeconds', 'compileSeconds', 'firstResultSeconds', 'totalSeconds']) {
      expect(document.timings[key], key).toBeGreaterThan(0);
    }
    expect(document.slices.map((slice: { stem: string }) => slice.stem)).toEqual(['colour', 'deep', 'grey', 'photo']);
    for (const { stem, width, height, infectedPixels, infectedFraction, seconds } of document.slices) {
      const mask = await decodeImage(new Uint8Array(a.get(`${stem}.mask.png`) as Buffer));
      expect(infectedPixels).toBe(Array.from(mask.data).reduce((sum, v) => sum + v / 255, 0));
      expect(infectedFraction).toBe(infectedPixels / (width * height));
      expect(seconds).toBeGreaterThan(0);
    }
    const lines = String(a.get('summary.csv')).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^file,width,height,infected_pixels,infected_fraction,error,infnet_version,weights,/);
    expect(lines).toHaveLength(5);
  });

  it('the logits are lateral map 2 of the net for the preprocessed slice, the probability is their sigmoid', async () => {
    const bytes = contents(join(folder, 'one'));
    const npy = bytes.get('grey.logits.npy') as Buffer;
    expect(npy.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
    expect(npy.subarray(10, 80).toString('latin1')).toContain(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 64, 64), }",
    );
    const logits = readNpy(new Uint8Array(npy));

    const slice = await decodeImage(new Uint8Array(readFileSync(join(slices, 'grey.png'))));
    const image = preprocessSlice(slice, 64);
    const { net, state } = await loadWeights(infection, safetensors);
    const context = await open({ onMessage: () => {} });
    try {
      const parameters = new ParameterStore(context, net.module);
      parameters.load(state);
      const maps = await evaluate(context, ({ x }) => net.forward({ image: x }), { x: image }, { parameters });
      const expected = maps['logits']?.data as Float32Array;
      const span = Math.max(...expected) - Math.min(...expected);
      expect(span).toBeGreaterThan(0.01);
      const errors = expected.map((value, i) => Math.abs(value - (logits.data[i] as number)));
      expect(Math.max(...errors)).toBeLessThan(1e-4 * span);
    } finally {
      context.dispose();
    }
    const sigmoid = logits.data.map((x) => 1 / (1 + Math.exp(-x)));
    const map = resizeBilinearFloat({ width: 64, height: 64, data: sigmoid }, 90, 75);
    const prob = await decodeImage(new Uint8Array(bytes.get('grey.prob.png') as Buffer));
    expect(prob.data).toEqual(probabilityToU8(map.data));
  });

  it('reports every kind of bad file by name with its reason, does the others, and exits with 1', async () => {
    const bad = write(temporaryFolder(), {
      'empty.png': '',
      'good.png': phantomPng(1, 90, 75),
      'huge.png': hugePng(20000),
      'pixel.png': encodePng({ width: 1, height: 1, data: new Uint8Array(1) }),
      'text.png': 'this is no picture at all',
      'truncated.jpg': GREY_JPEG.subarray(0, GREY_JPEG.length / 2),
      'truncated2.png': phantomPng(1, 90, 75).subarray(0, 600),
    });
    const out = join(folder, 'bad');
    const { code, stdout, stderr } = await infnet([
      'segment',
      bad,
      '--weights',
      pth,
      '--out',
      out,
      '--size',
      '64',
      '--json',
      '--stretch',
      '--batch',
      '2',
    ]);
    expect(code).toBe(1);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ ok: false, exitCode: 1, settings: { stretch: true, batch: 2 } });
    expect(document.slices.map((slice: { file: string }) => slice.file)).toEqual([join(bad, 'good.png')]);
    const reasons = Object.fromEntries(
      document.errors.map((error: { file: string; code: string }) => [error.file.slice(bad.length + 1), error.code]),
    );
    expect(reasons).toEqual({
      'empty.png': 'FILE_EMPTY',
      'huge.png': 'DATA_TOO_LARGE',
      'pixel.png': 'DATA_TOO_SMALL',
      'text.png': 'DATA_UNKNOWN_FORMAT',
      'truncated.jpg': 'DATA_TRUNCATED',
      'truncated2.png': 'DATA_TRUNCATED',
    });
    for (const { file, message } of document.errors) {
      expect(message).not.toContain('[');
      expect(stderr).toContain(`${file} failed:`);
    }
    expect(readdirSync(out)).toEqual(['good.mask.png', 'good.overlay.png', 'good.prob.png', 'summary.csv']);
    const lines = readFileSync(join(out, 'summary.csv'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(8);
    expect(lines[0]).toMatch(
      /^file,width,height,infected_pixels,infected_fraction,seconds,error,infnet_version,.*,time$/,
    );
    expect(lines[1]).toMatch(/empty\.png,,,,,,FILE_EMPTY: /);
    expect(lines[2]).toMatch(/good\.png,90,75,\d+,\d\.\d{6},\d+\.\d{3},,0\.1\.0,w\.pth,[0-9a-f]{64},.*Z$/);
    // Stretched: the darkest probability is black and the brightest white.
    const prob = await decodeImage(new Uint8Array(readFileSync(join(out, 'good.prob.png'))));
    expect([Math.min(...prob.data), Math.max(...prob.data)]).toEqual([0, 255]);
  });

  it('refuses a size that the net cannot take, and says which it can', async () => {
    const { code, stderr } = await infnet([
      'segment',
      slices,
      '--weights',
      pth,
      '--out',
      join(folder, 'size'),
      '--size',
      '100',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('Give 96 or 128');
  });

  it('makes no picture of logits that are not finite', async () => {
    const state = recipeWeights(SMALL);
    state.get('ra2_conv4.bn.weight')?.data.fill(Number.NaN);
    write(folder, { 'nan.pth': writeTorchZip(state) });
    const out = join(folder, 'nan');
    const { code, stderr } = await infnet([
      'segment',
      join(slices, 'grey.png'),
      '--weights',
      join(folder, 'nan.pth'),
      '--out',
      out,
      '--size',
      '64',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('[CLI_NOT_FINITE]');
    expect(readdirSync(out)).toEqual(['summary.csv']);
  });
});

describe('stopping', () => {
  it('between slices: what is written is whole, the rest is not begun, exit code 130', async () => {
    const many = temporaryFolder();
    for (let i = 10; i < 30; i++) write(many, { [`s${i}.png`]: phantomPng(i, 200, 200) });
    const out = join(folder, 'stopped');
    const controller = new AbortController();
    const watch = setInterval(() => {
      if (existsSync(join(out, 's10.overlay.png'))) controller.abort();
    }, 5);
    const { code, stdout, stderr } = await infnet(
      ['segment', many, '--weights', pth, '--out', out, '--size', '64', '--json'],
      { signal: controller.signal },
    );
    clearInterval(watch);
    expect(code).toBe(130);
    expect(stderr).toContain('what is written is whole');
    const { slices: done, interrupted } = JSON.parse(stdout);
    expect(interrupted).toBe(true);
    expect(done.length).toBeGreaterThan(0);
    expect(done.length).toBeLessThan(20);
    const expected = [...done.flatMap((slice: { outputs: string[] }) => slice.outputs), 'summary.csv'].sort();
    expect(readdirSync(out).sort()).toEqual(expected);
    for (const name of expected)
      if (name.endsWith('.png')) await decodeImage(new Uint8Array(readFileSync(join(out, name))), name);
  });

  it('while kernels compile: nothing is written', async () => {
    const out = join(folder, 'early');
    const { code, stderr } = await infnet(['segment', slices, '--weights', pth, '--out', out, '--size', '64'], {
      signal: AbortSignal.abort(),
    });
    expect(code).toBe(130);
    expect(stderr).toContain('nothing was written');
    expect(readdirSync(out)).toEqual([]);
  });
});
