/**
 * Weights of a backbone alone (case 17 of shared/cases): a training starts from them, every other command says what
 * they are.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, type WritableTensor, writeSafetensors } from '@infnet/checkpoint';
import { initialValues } from '@infnet/core';
import { type BackboneName, InfNet, isOptionalEntry } from '@infnet/inf-net';
import { infection } from '@infnet/segmentation';
import type { TrainSettings } from '@infnet/segmentation/options';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeNet } from '../src/commands/train/net.js';
import { infnet, phantomPng, temporaryFolder, write } from './support.js';
import { QUICK, writePhantoms } from './train-support.js';

const WIDTH = 0.125;
const SEED = 1;
/** A value that no initialisation gives. */
const MARK = 0.0625;

/** torchvision's numbers of VGG-16's convolutions, and where Inf-Net has them. */
const VGG: Readonly<Record<string, number>> = Object.fromEntries(
  '1.1_1 1.1_2 2.2_1 2.2_2 3.3_1 3.3_2 3.3_3 4_1.4_1_1 4_1.4_2_1 4_1.4_3_1 5_1.5_1_1 5_1.5_2_1 5_1.5_3_1'
    .split(' ')
    .map((place, i) => [
      `vgg.conv${place.replace('.', '.conv')}`,
      [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28][i] as number,
    ]),
);

const layouts = {
  own: (name: string): string => name.replace(/^(resnet|vgg)\./, ''),
  whole: (name: string): string => name,
  encoder: (name: string): string => `model.encoder.${name.replace(/^(resnet|vgg)\./, '')}`,
  torchvision: (name: string): string | undefined => {
    const [, place = '', rest] = /^(vgg\..*)\.(\w+)$/.exec(name) ?? [];
    return VGG[place] === undefined ? undefined : `features.${VGG[place]}.${rest}`;
  },
} as const;

/** A file of a backbone, with a classifier and without counters. */
function backboneFile(backbone: BackboneName, layout: keyof typeof layouts): WritableTensor[] {
  const tensors: WritableTensor[] = [];
  for (const { name, shape } of new InfNet({ backbone, width: WIDTH }).stateDictSpec()) {
    if (!/^(resnet|vgg)\./.test(name) || isOptionalEntry(name)) continue;
    const key = layouts[layout](name);
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(MARK);
    if (key !== undefined) tensors.push({ name: key, shape, data });
  }
  const head =
    layout === 'torchvision' ? 'classifier.0.weight' : layout === 'encoder' ? 'model.head.weight' : 'fc.weight';
  return [...tensors, { name: head, shape: [2, 3], data: new Float32Array(6) }];
}

describe('weights of a backbone alone', () => {
  const folder = temporaryFolder();
  const file = (name: string): string => join(folder, name);
  const settings = (more: Partial<TrainSettings>): TrainSettings =>
    ({ backbone: 'res2net50', width: 1, channels: 4, size: 64, epochs: 1, seed: SEED, ...more }) as TrainSettings;

  beforeAll(() => {
    write(folder, {
      'res2net.safetensors': writeSafetensors(backboneFile('res2net50', 'own')),
      'a.png': phantomPng(3, 64, 64),
    });
    writePhantoms(file('set'));
  });

  it.each<[BackboneName, keyof typeof layouts, 'weights' | 'backboneWeights']>([
    ['res2net50', 'own', 'weights'],
    ['res2net50', 'own', 'backboneWeights'],
    ['res2net50', 'whole', 'weights'],
    ['res2net50', 'encoder', 'backboneWeights'],
    ['resnet50', 'own', 'weights'],
    ['vgg16', 'own', 'weights'],
    ['vgg16', 'torchvision', 'backboneWeights'],
  ])(
    '%s in the layout "%s" by %s: the backbone starts from them, the rest from the seed',
    async (backbone, layout, option) => {
      write(folder, { 'b.safetensors': writeSafetensors(backboneFile(backbone, layout)) });
      const {
        net,
        initial,
        settings: told,
        notes,
      } = await makeNet(infection, settings({ [option]: file('b.safetensors') }), [], false);
      expect(told).toMatchObject({ backbone, width: WIDTH, channels: 4 });
      let marked = 0;
      for (const { name, parameter } of net.module.stateDictSpec()) {
        if (parameter.unused) continue;
        const data = initial?.get(name)?.data as Float32Array;
        const first = /^(resnet|vgg)\./.test(name) ? MARK : initialValues(parameter, SEED)[0];
        expect(data[0], name).toBe(first);
        marked += Number(data[0] === MARK);
      }
      expect(marked).toBeGreaterThan(20);
      expect(notes.join('\n')).toMatch(
        /the backbone \(\S+, \d+ tensors\) starts from it, the rest of the net from seed 1/,
      );
      expect(notes.join('\n')).toMatch(/left out: .*(fc|classifier|head)\./);
    },
  );

  it.each<[BackboneName, keyof typeof layouts]>([
    ['res2net50', 'own'],
    ['resnet50', 'own'],
    ['vgg16', 'own'],
    ['vgg16', 'torchvision'],
  ])('%s in the layout "%s": every element of random values comes where it belongs', async (backbone, layout) => {
    const tensors = backboneFile(backbone, layout);
    // Values differ between tensors: with equal ones, two layers of one shape could change places unseen.
    let state = SEED;
    for (const { data } of tensors) {
      for (let i = 0; i < data.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        data[i] = state / 2 ** 31;
      }
    }
    write(folder, { 'random.safetensors': writeSafetensors(tensors) });
    const written = new Map(tensors.map(({ name, data }) => [name, data]));
    const { net, initial } = await makeNet(
      infection,
      settings({ backboneWeights: file('random.safetensors') }),
      [],
      false,
    );
    const names = net.module.stateDictSpec().map(({ name }) => name);
    const own = names.filter((name) => /^(resnet|vgg)\./.test(name) && !isOptionalEntry(name));
    expect(own).toHaveLength(tensors.length - 1);
    for (const name of own) expect(initial?.get(name)?.data, name).toEqual(written.get(layouts[layout](name) ?? ''));
  });

  it('trains from them, says so, and writes weights that were trained', async () => {
    const out = file('run');
    const { code, stdout, stderr } = await infnet([
      ...[
        'train',
        '--data',
        file('set'),
        '--out',
        out,
        ...QUICK.filter((_, i) => !/^--width$/.test(QUICK[i] ?? '') && !/^--width$/.test(QUICK[i - 1] ?? '')),
      ],
      ...['--epochs', '1', '--json', '--weights', file('res2net.safetensors')],
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('res2net.safetensors: the backbone (Res2Net-50');
    expect((JSON.parse(stdout) as { notes: string[] }).notes.join()).toContain('the backbone (Res2Net-50');
    const bytes = new Uint8Array(readFileSync(join(out, 'checkpoints', 'final.safetensors')));
    const { tensors, metadata } = readSafetensors(bytes);
    expect(metadata.get('trained')).toBe('true');
    // One epoch moves a weight by some thousandths.
    expect(Math.abs(Number(tensors.get('resnet.layer4.0.conv1.weight')?.data[0]) - MARK)).toBeLessThan(0.02);
  });

  it('of another architecture are refused with the figures', async () => {
    const layers = [3, 4, 23, 3].flatMap((count, layer) =>
      Array.from({ length: count }, (_, i) => `layer${layer + 1}.${i}.conv1.weight`),
    );
    const names = ['conv1.weight', 'layer1.0.conv3.weight', ...layers];
    const tensors = names.map((name) => ({ name, shape: [1], data: new Float32Array(1) }));
    write(folder, { 'r101.safetensors': writeSafetensors(tensors) });
    for (const option of ['weights', 'backboneWeights'] as const) {
      await expect(
        makeNet(infection, settings({ [option]: file('r101.safetensors') }), [], false),
      ).rejects.toMatchObject({
        code: 'CLI_BACKBONE',
        message: expect.stringContaining('ResNet-101: its layers have 3, 4, 23, 3 blocks'),
      });
    }
    const odd = backboneFile('res2net50', 'own').map((tensor) =>
      tensor.name === 'layer2.0.convs.0.weight' ? { ...tensor, shape: [1], data: new Float32Array(1) } : tensor,
    );
    write(folder, { 'odd.safetensors': writeSafetensors(odd) });
    await expect(makeNet(infection, settings({ weights: file('odd.safetensors') }), [], false)).rejects.toMatchObject({
      code: 'CHECKPOINT_KEYS',
      message: expect.stringContaining('resnet.layer2.0.convs.0.weight: expected ['),
    });
    write(folder, { 'other.safetensors': writeSafetensors([{ name: 'x', shape: [1], data: new Float32Array(1) }]) });
    await expect(
      makeNet(infection, settings({ backboneWeights: file('other.safetensors') }), [], false),
    ).rejects.toMatchObject({
      code: 'CLI_BACKBONE',
    });
  });

  it('are told to every other command, with what they are good for', async () => {
    const weights = ['--weights', file('res2net.safetensors')];
    for (const argv of [
      ['segment', file('a.png'), ...weights, '--out', file('o')],
      ['evaluate', '--data', file('set'), ...weights],
      ['pseudo-label', '--data', file('set'), ...weights, '--out', file('labels')],
      ['export', ...weights, '--out', file('x.onnx')],
      ['train', '--multi-class', '--data', file('set'), ...weights, '--out', file('classes')],
    ]) {
      const { code, stderr } = await infnet(argv);
      expect(code, argv[0]).toBe(2);
      expect(stderr).toContain('[CLI_WRONG_NET]');
      expect(stderr).toContain('a backbone alone (Res2Net-50');
      if (argv[0] !== 'train') expect(stderr).toContain('--backbone-weights');
    }
    expect(existsSync(file('x.onnx'))).toBe(false);
  });

  it.each([
    [['--weights', 'W', '--backbone-weights', 'W'], 'do not go together'],
    [['--weights', 'W', '--backbone', 'vgg16'], '--backbone vgg16, but the weights are of backbone res2net50'],
    [['--backbone-weights', 'W', '--width', '0.5'], '--width 0.5, but the weights are of width 0.125'],
    [['--backbone-weights', 'W', '--multi-class'], '--backbone-weights: not with --multi-class'],
    [['--weights', 'W', '--semi', '--unlabelled', 'U', '--epochs', '0'], 'a decoder that was never trained'],
  ])('%j is refused', async (options, said) => {
    const argv = options.map((word) =>
      word === 'W' ? file('res2net.safetensors') : word === 'U' ? file('set') : word,
    );
    const { code, stderr } = await infnet([
      'train',
      '--data',
      file('set'),
      '--out',
      file('never'),
      '--size',
      '64',
      ...argv,
    ]);
    expect(stderr).toContain(said);
    expect(stderr).toContain('[CLI_USAGE]');
    expect(code).toBe(2);
  });
});
