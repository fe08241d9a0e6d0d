/** Weights of a backbone alone: told from their keys, and given Inf-Net's names. */
import { initialValues } from '@infnet/core';
import { describe, expect, it } from 'vitest';
import {
  type BackboneName,
  completeState,
  hasDecoder,
  InfNet,
  isOptionalEntry,
  type RecognizedBackbone,
  recognizeBackboneAlone,
  trainedOf,
} from '../src/index.js';

type Shapes = Map<string, { readonly shape: readonly number[] }>;

/** The backbone's entries of a net, under names that `rename` gives. */
function backboneOf(backbone: BackboneName, rename: (name: string) => string | undefined): Shapes {
  const shapes: Shapes = new Map();
  for (const { name, shape } of new InfNet({ backbone, width: 0.5 }).stateDictSpec()) {
    const key = /^(resnet|vgg)\./.test(name) ? rename(name) : undefined;
    if (key !== undefined) shapes.set(key, { shape });
  }
  return shapes;
}

const bare = (name: string): string => name.replace(/^(resnet|vgg)\./, '');
/** torchvision numbers the layers of VGG-16: convolutions, relus and pools. */
const CONVOLUTIONS = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];
const PLACES = '1.1_1 1.1_2 2.2_1 2.2_2 3.3_1 3.3_2 3.3_3 4_1.4_1_1 4_1.4_2_1 4_1.4_3_1 5_1.5_1_1 5_1.5_2_1 5_1.5_3_1';
const numbered = (name: string): string | undefined => {
  const [, stage, conv, rest] = /^vgg\.conv([\d_]+)\.conv([\d_]+)\.(\w+)$/.exec(name) ?? [];
  const layer = CONVOLUTIONS[PLACES.split(' ').indexOf(`${stage}.${conv}`)];
  return layer === undefined ? undefined : `features.${layer}.${rest}`;
};

describe('a backbone alone', () => {
  it.each<[string, BackboneName, string, (name: string) => string | undefined]>([
    ['own keys', 'res2net50', 'Res2Net-50', bare],
    ['own keys', 'res2net101', 'Res2Net-101', bare],
    ['own keys, as torchvision', 'resnet50', 'ResNet-50', bare],
    ['own keys', 'vgg16', 'VGG-16', bare],
    ['torchvision', 'vgg16', 'VGG-16', numbered],
  ])('%s of %s: every value that the forward reads has its name', (_, backbone, title, rename) => {
    const shapes = backboneOf(backbone, rename);
    shapes.set('fc.weight', { shape: [1000, 2048] });
    shapes.set('classifier.0.weight', { shape: [4096, 25088] });
    const found = recognizeBackboneAlone(shapes) as RecognizedBackbone;
    expect(found).toMatchObject({ backbone, title, width: 0.5 });
    const spec = new InfNet({ backbone, width: 0.5 }).stateDictSpec();
    const wanted = spec.filter(({ name }) => /^(resnet|vgg)\./.test(name) && !isOptionalEntry(name));
    const renamed = new Map([...shapes].map(([key, value]) => [found.rename(key), value]));
    for (const { name, shape } of wanted) expect(renamed.get(name)?.shape, name).toEqual(shape);
    expect(found.rename('fc.weight')).toBeUndefined();
    expect(found.rename('classifier.0.weight')).toBeUndefined();
  });

  const shapes = (...entries: readonly (readonly [string, readonly number[]])[]): Shapes =>
    new Map(entries.map(([name, shape]) => [name, { shape }]));
  const layers = (...blocks: readonly number[]): (readonly [string, readonly number[]])[] =>
    blocks.flatMap((count, layer) =>
      Array.from({ length: count }, (_, i) => [`layer${layer + 1}.${i}.conv1.weight`, [1]] as const),
    );
  it.each<[string, Shapes, string]>([
    [
      'ResNet-101',
      shapes(['conv1.weight', [64, 3, 7, 7]], ['layer1.0.conv3.weight', [1]], ...layers(3, 4, 23, 3)),
      '3, 4, 23, 3 blocks',
    ],
    ['ResNet of 3, 4, 6, 3 basic blocks', shapes(['conv1.weight', [64, 3, 7, 7]], ...layers(3, 4, 6, 3)), 'two conv'],
    [
      'Res2Net-50',
      shapes(
        ['conv1.weight', [64, 3, 7, 7]],
        ['layer1.0.conv3.weight', [1]],
        ['layer1.0.convs.0.weight', [1]],
        ...layers(3, 4, 6, 3),
      ),
      '[64,3,7,7]',
    ],
    [
      'VGG of 8 convolutions',
      shapes(...[0, 3, 6, 8, 11, 13, 16, 18].map((i) => [`features.${i}.weight`, [1, 1, 3, 3]] as const)),
      '0, 3, 6, 8',
    ],
    [
      'VGG of 1 convolutions with batch norm',
      shapes(['features.0.weight', [64, 3, 3, 3]], ['features.1.running_mean', [64]]),
      'batch norm',
    ],
  ])('%s is none of the four, and why is said', (title, tensors, why) => {
    const found = recognizeBackboneAlone(tensors);
    expect(found).toMatchObject({ title });
    expect((found as { why: string }).why).toContain(why);
  });

  it('is nothing where the keys are of something else', () => {
    expect(recognizeBackboneAlone(shapes(['encoder.weight', [1]]))).toBeUndefined();
  });

  it('leaves the rest of the net to the seed', () => {
    const net = new InfNet({ width: 0.125, channels: 4 });
    const name = 'resnet.conv1.0.weight';
    const [entry] = net.stateDictSpec().filter((spec) => spec.name === name);
    const given = { shape: entry?.shape ?? [], data: Float32Array.of(7) };
    const state = completeState(net, new Map([[name, given]]), 5);
    expect(state.get(name)).toBe(given);
    const other = net.stateDictSpec().find((spec) => spec.name.startsWith('rfb2_1.'));
    expect(state.get(other?.name ?? '')?.data).toEqual(initialValues(other?.parameter as never, 5));
    expect([...state.keys()].some((key) => key.includes('num_batches_tracked'))).toBe(false);
  });

  it('has no decoder', () => {
    expect(hasDecoder(backboneOf('res2net50', (name) => name))).toBe(false);
    const whole = new InfNet({ width: 0.125 }).stateDictSpec();
    expect(hasDecoder(new Map(whole.map(({ name, shape }) => [name, { shape }])))).toBe(true);
  });
});

describe('whether weights were trained', () => {
  const norm = (mean: number): Map<string, { readonly data: Float32Array }> =>
    new Map([
      ['conv.weight', { data: Float32Array.of(0.3, -2) }],
      ['bn.weight', { data: Float32Array.of(1, 1) }],
      ['bn.bias', { data: Float32Array.of(0, 0) }],
      ['bn.running_mean', { data: Float32Array.of(0, mean) }],
      ['bn.running_var', { data: Float32Array.of(1, 1) }],
    ]);
  it.each([
    ['what the file says', { trained: 'false' }, 0.5, 'false'],
    ['what the file says', { trained: 'true' }, 0, 'true'],
    ['steps of infnet train', { made_by: 'infnet train', steps: '12' }, 0.5, 'true'],
    ['no steps', { made_by: 'infnet train', steps: '0' }, 0, 'false'],
    ['batch norms at their first values', {}, 0, 'false'],
    ['nothing', {}, 0.5, 'unknown'],
  ])('is told from %s: %j', (_, metadata, mean, expected) => {
    expect(trainedOf(new Map(Object.entries(metadata)), norm(mean))).toBe(expected);
  });

  it('is not known of a net without batch norm', () => {
    expect(trainedOf(new Map(), new Map([['conv.weight', { data: Float32Array.of(1) }]]))).toBe('unknown');
  });
});
