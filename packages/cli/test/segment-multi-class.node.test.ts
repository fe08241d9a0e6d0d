/** `infnet segment --multi-class`: class maps from slices and priors, and every way in which the two may not fit. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { evaluate, open, ParameterStore } from '@infnet/core';
import {
  countClasses,
  decodeImage,
  encodePng,
  classesInput as inputOfNet,
  PROVENANCE_COLUMNS,
  phantomSlice,
  readClassMap,
  readNpy,
} from '@infnet/data';
import { classes } from '@infnet/segmentation';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadWeights } from '../src/commands/segment/weights.js';
import { unetWeights } from './multi-class-support.js';
import { contents, infnet, phantomPng, recipeWeights, SMALL, temporaryFolder, write } from './support.js';

const folder = temporaryFolder();
const slices = temporaryFolder();
const masks = temporaryFolder();
const unet = join(folder, 'unet.safetensors');
const infNet = join(folder, 'inf-net.safetensors');
const SIZES = { a: [70, 64], b: [64, 80] } as const;

beforeAll(() => {
  write(folder, {
    'unet.safetensors': unetWeights({ width: 1 / 16 }, { channel_order: 'classes' }),
    'inf-net.safetensors': writeSafetensors([...recipeWeights(SMALL)].map(([name, tensor]) => ({ name, ...tensor }))),
  });
  for (const [i, [stem, [width, height]]] of Object.entries(SIZES).entries()) {
    const { image, infection } = phantomSlice(30 + i, { width, height, burden: 0.4 });
    write(slices, { [`${stem}.png`]: encodePng(image) });
    write(masks, { [`${stem}.png`]: encodePng(infection) });
  }
});

const segment = (out: string, ...args: readonly string[]) =>
  infnet(['segment', slices, '--multi-class', '--weights', unet, '--out', join(folder, out), '--size', '32', ...args]);
const picture = (out: string, name: string) => decodeImage(new Uint8Array(readFileSync(join(folder, out, name))), name);

describe('segment --multi-class', () => {
  it("writes class map and overlay at each slice's own size, and the shares in JSON and CSV", async () => {
    const { code, stdout, stderr } = await segment('masks', '--priors', masks, '--format', 'npy', '--json');
    expect(code, stderr).toBe(0);
    expect(readdirSync(join(folder, 'masks'))).toEqual([
      ...['a.classes.png', 'a.logits.npy', 'a.overlay.png', 'b.classes.png', 'b.logits.npy', 'b.overlay.png'],
      'summary.csv',
    ]);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      ok: true,
      weights: { width: 1 / 16, order: 'classes', orderSaid: true },
      priors: { folder: masks },
      settings: { multiClass: true, size: 32, classFormat: 'palette' },
      errors: [],
    });
    const lines = readFileSync(join(folder, 'masks', 'summary.csv'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines[0]).toBe(
      'file,width,height,ground_glass_pixels,ground_glass_fraction,consolidation_pixels,consolidation_fraction,seconds,error,'.concat(
        PROVENANCE_COLUMNS.join(),
        ',time',
      ),
    );
    for (const [i, [stem, [width, height]]] of Object.entries(SIZES).entries()) {
      const map = await picture('masks', `${stem}.classes.png`);
      expect(map).toMatchObject({ width, height });
      expect(map.palette?.slice(0, 3).map((colour) => [...colour].slice(0, 3))).toEqual([
        ...[
          [0, 0, 0],
          [128, 0, 0],
          [0, 128, 0],
        ],
      ]);
      expect(await picture('masks', `${stem}.overlay.png`)).toMatchObject({ width, height, channels: 3 });
      const read = readClassMap(map);
      const [, glass, solid] = countClasses('classes' in read ? read.classes : expect.fail(read.foreign));
      const slice = document.slices[i];
      expect([slice.groundGlassPixels, slice.consolidationPixels]).toEqual([glass, solid]);
      expect(slice.groundGlassFraction).toBe(glass / (width * height));
      expect(lines[i + 1]?.split(',').slice(1, 4)).toEqual([String(width), String(height), String(glass)]);
    }
  });

  it("the classes are those of the net's logits for slice and prior", async () => {
    const [image, prior] = await Promise.all(
      [join(slices, 'a.png'), join(masks, 'a.png')].map((file) => decodeImage(new Uint8Array(readFileSync(file)))),
    );
    if (image === undefined || prior === undefined) throw new Error('no slice');
    const x = inputOfNet(image, prior, 32);
    const { net, state } = await loadWeights(classes, unet);
    using context = await open({ onMessage: () => {} });
    const parameters = new ParameterStore(context, net.module);
    parameters.load(state);
    const out = await evaluate(
      context,
      (inputs) => ({ y: net.forward({ image: inputs['x'] as never }).logits }),
      { x },
      { parameters },
    );
    const logits = out['y']?.data as Float32Array;
    const written = readNpy(new Uint8Array(readFileSync(join(folder, 'masks', 'a.logits.npy'))));
    expect(written.shape).toEqual([1, 3, 32, 32]);
    expect(Math.max(...logits.map((v, i) => Math.abs(v - (written.data[i] as number))))).toBeLessThan(1e-4);
    const expected = net.interpret(Float32Array.from(written.data), image, { size: 32 }).labels;
    const read = readClassMap(await picture('masks', 'a.classes.png'));
    expect('classes' in read && read.classes.data).toEqual(expected.data);
  });

  it('priors made on the way give the same bytes as the .prob.png of infnet segment', async () => {
    const first = await infnet([
      ...['segment', slices, '--weights', infNet, '--out', join(folder, 'infection'), '--size', '64'],
    ]);
    expect(first.code, first.stderr).toBe(0);
    const given = await segment('given', '--priors', join(folder, 'infection'), '--no-time');
    const made = await segment('made', '--prior-weights', infNet, '--prior-size', '64', '--no-time', '--batch', '2');
    expect([given.code, made.code], made.stderr).toEqual([0, 0]);
    const [one, two] = [contents(join(folder, 'given')), contents(join(folder, 'made'))];
    for (const [name, bytes] of one) expect(bytes.equals(two.get(name) as Buffer), name).toBe(true);
    for (const stem of ['a', 'b']) {
      const prob = await picture('infection', `${stem}.prob.png`);
      expect((await picture('made', `${stem}.prior.png`)).data).toEqual(prob.data);
    }
    expect([...two.keys()].filter((name) => !one.has(name))).toEqual(['a.prior.png', 'b.prior.png']);
  });

  it('writes the released greys, and takes weights that say nothing for the reference', async () => {
    write(folder, { 'silent.safetensors': unetWeights() });
    const args = ['--weights', join(folder, 'silent.safetensors'), '--priors', masks];
    const { code, stderr } = await segment('greys', ...args, '--class-format', 'released');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('does not say what the net');
    const { data, channels } = await picture('greys', 'a.classes.png');
    expect(channels).toBe(1);
    expect([...new Set(data)].every((v) => v === 0 || v === 38 || v === 75)).toBe(true);
    // Channel 0 is background for one and ground-glass for the other: the maps cannot be the same.
    const said = await segment('said', ...args, '--class-format', 'released', '--channel-order', 'classes');
    expect(said.stderr).not.toContain('does not say what the net');
    expect((await picture('said', 'a.classes.png')).data).not.toEqual(data);
  });
});

describe('what does not fit', () => {
  it('a prior that is missing, of another size, or in colour fails its slice by name; the others are done', async () => {
    const priors = write(temporaryFolder(), { 'a.png': readFileSync(join(masks, 'a.png')) });
    const missing = await segment('missing', '--priors', priors, '--json');
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.stdout)).toMatchObject({
      slices: [{ stem: 'a' }],
      errors: [{ file: join(slices, 'b.png'), code: 'CLI_PRIOR', message: expect.stringContaining('no prior for b') }],
    });
    expect(readdirSync(join(folder, 'missing'))).toEqual(['a.classes.png', 'a.overlay.png', 'summary.csv']);
    expect(readFileSync(join(folder, 'missing', 'summary.csv'), 'utf8')).toMatch(/b\.png,,,,,,,,CLI_PRIOR: /);

    write(priors, {
      'b.png': phantomPng(1, 70, 70),
      'a.prob.png': encodePng({
        width: 70,
        height: 64,
        channels: 3,
        data: new Uint8Array(70 * 64 * 3).map((_, i) => i),
      }),
    });
    const wrong = await segment('wrong', '--priors', priors, '--json');
    expect(JSON.parse(wrong.stdout).errors).toMatchObject([
      { file: join(slices, 'a.png'), code: 'CLI_NOT_GREY' },
      { file: join(slices, 'b.png'), code: 'CLI_PRIOR', message: 'The prior is 70x70, its slice 64x80.' },
    ]);
    expect(wrong.code).toBe(1);
  });

  it('logits that are not finite make no picture', async () => {
    const values = [...readSafetensors(unetWeights()).tensors].map(([name, { shape, data }]) => ({
      name,
      shape,
      data: name === 'outc.conv.bias' ? Float32Array.of(Number.NaN, 0, 0) : (data as Float32Array),
    }));
    write(folder, { 'nan.safetensors': writeSafetensors(values) });
    const { code, stderr } = await segment('nan', '--weights', join(folder, 'nan.safetensors'), '--priors', masks);
    expect(code).toBe(1);
    expect(stderr).toContain('[CLI_NOT_FINITE]');
    expect(readdirSync(join(folder, 'nan'))).toEqual(['summary.csv']);
  });

  it.each([
    ['no prior at all', [], /\[CLI_USAGE\].*--priors FOLDER.*--prior-weights FILE/s],
    ['two kinds of priors', ['--priors', 'p', '--prior-weights', 'w'], /do not go together/],
    ['a folder that is not there', ['--priors', join(folder, 'none')], /\[CLI_NO_INPUT\].*Check --priors/s],
    [
      'options of probabilities',
      ['--priors', 'p', '--threshold', '0.4', '--stretch'],
      /--threshold, --stretch: not with --multi-class and --priors/,
    ],
    [
      "Inf-Net's weights",
      ['--weights', infNet, '--priors', slices],
      /\[CLI_WRONG_NET\] These are weights of Inf-Net.*--prior-weights/s,
    ],
    [
      "the U-Net's weights as Inf-Net's",
      ['--prior-weights', unet],
      /\[CLI_WRONG_NET\] These are weights of the multi-class U-Net/,
    ],
    ['a size that Inf-Net cannot take', ['--prior-weights', infNet, '--prior-size', '40'], /Give 32 or 64/],
  ])('%s is refused, and nothing is written', async (_name, args, pattern) => {
    const { code, stderr } = await segment('refused', ...args);
    expect(stderr).toMatch(pattern);
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });

  it('another number of classes or channels, and volumes', async () => {
    write(folder, {
      'four.safetensors': unetWeights({ width: 1 / 16, outputChannels: 4 }),
      'three.safetensors': unetWeights({ width: 1 / 16, inputChannels: 3 }),
    });
    const with_ = (name: string) => segment('refused', '--weights', join(folder, name), '--priors', masks);
    expect((await with_('four.safetensors')).stderr).toMatch(/CLI_WRONG_NET.*takes 6 channels and tells 4 classes/s);
    expect((await with_('three.safetensors')).stderr).toMatch(/CLI_WRONG_NET.*takes 3 channels and tells 3 classes/s);
    const volume = write(temporaryFolder(), { 'v.nii': 'x' });
    const args = ['segment', volume, '--multi-class', '--weights', unet, '--priors', masks, '--out'];
    expect((await infnet([...args, join(folder, 'refused')])).stderr).toMatch(/Priors of a folder are of pictures/);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });

  it('options of classes, or the U-Net, without --multi-class', async () => {
    const base = ['segment', slices, '--out', join(folder, 'refused'), '--size', '32', '--weights'];
    expect((await infnet([...base, infNet, '--priors', masks])).stderr).toMatch(/--priors: only with --multi-class/);
    expect((await infnet([...base, unet])).stderr).toMatch(/CLI_WRONG_NET.*Add --multi-class/s);
  });
});
