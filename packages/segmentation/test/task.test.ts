import { Conv2d } from '@infnet/conv';
import { initialValues, type Tensor, trace } from '@infnet/core';
import { decideClasses, probabilityMap } from '@infnet/data';
import { InfNet, UNet } from '@infnet/inf-net';
import { thrownBy } from '@infnet/testing';
import { crossEntropy } from '@infnet/trainer';
import { describe, expect, it } from 'vitest';
import {
  ClassScoring,
  classes,
  decideByLargest,
  defineTask,
  infection,
  inputNamed,
  loadNet,
  NET_OPTIONS,
  type SegmentationTask,
  TASK_NAME,
  type WeightsContent,
} from '../src/index.js';

const SIZE = 8;
const wave = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => 4 * Math.sin(i * 0.7));

function contentOf(
  module: { stateDictSpec: InfNet['stateDictSpec'] },
  metadata: Readonly<Record<string, string>> = {},
): WeightsContent {
  const tensors = module.stateDictSpec().map(({ name, shape, parameter }) => {
    const data = parameter.dtype === 'f32' ? initialValues(parameter, 1) : new Float32Array(1);
    return [name, { name, shape, dtype: 'float32', data }] as const;
  });
  return { tensors: new Map(tensors), metadata: new Map(Object.entries(metadata)) };
}

const own: SegmentationTask = defineTask({
  name: 'lesions',
  classes: [
    { name: 'background', colour: [0, 0, 0] },
    { name: 'ground-glass opacity', colour: [240, 72, 40] },
    { name: 'consolidation', colour: [84, 224, 128] },
    { name: 'vessel', colour: [80, 80, 240] },
  ],
  netOptions: [{ name: 'kernel', summary: 'side of the kernel', value: 3 }],
  net: ({ kernel }) => new Conv2d(3, 4, Number(kernel), { padding: 1 }),
  logits: (net, inputs) => net.call(inputNamed(inputs, 'image')),
  loss: (net, batch) => crossEntropy(net.call(inputNamed(batch, 'image')), inputNamed(batch, 'classes')),
});

describe('interpret', () => {
  it('gives infection the probability of probabilityMap, and labels at the threshold', () => {
    const net = infection.net({ width: 0.125, channels: 8 });
    const logits = wave(SIZE * SIZE);
    const slice = { width: 13, height: 9 };
    const { labels, probability } = net.interpret(logits, slice, { size: SIZE, threshold: 0.3, stretch: true });
    expect(probability).toEqual(probabilityMap(logits, slice, { size: SIZE, stretch: true }));
    expect([...labels.data]).toEqual(Array.from(probability?.data ?? [], (p) => Number(p >= 0.3)));
  });

  it('decides as decideClasses does, of any number of channels', () => {
    const logits = wave(3 * SIZE * SIZE);
    const size = { width: SIZE, height: SIZE };
    const { data } = decideByLargest(logits, size, { size: SIZE, classes: 3 });
    expect(data).toEqual(decideClasses({ data: logits, shape: [3, SIZE, SIZE] }).data);
    const more = own.net({}).interpret(wave(4 * SIZE * SIZE), { width: 5, height: 7 }, { size: SIZE }).labels;
    expect(more).toMatchObject({ width: 5, height: 7 });
    expect(new Set(more.data)).toEqual(new Set([0, 1, 2, 3]));
  });

  it.each([
    ['infection', infection.net({ width: 0.125, channels: 8 }), 1],
    ['classes', classes.net({ width: 0.125 }), 3],
    ['classes as released', classes.net({ width: 0.125, order: 'as-released' }), 3],
    ['a task of a user', own.net({}), 4],
  ])('makes nothing of numbers that are none: %s', (_, net, channels) => {
    const logits = wave(channels * SIZE * SIZE);
    logits[5] = Number.NaN;
    const act = (): unknown => net.interpret(logits, { width: 8, height: 8 }, { size: SIZE, where: '7.png' });
    expect(act).toThrow(expect.objectContaining({ code: 'RESULT_NOT_FINITE', where: '7.png' }));
  });
});

describe('recognise', () => {
  const infNet = contentOf(new InfNet({ backbone: 'vgg16', width: 0.125, channels: 8 }));
  const uNet = contentOf(new UNet({ width: 0.125 }));

  it('tells each task its own weights', () => {
    expect(loadNet(infection, infNet, 'w')?.facts).toEqual({ backbone: 'vgg16', width: 0.125, channels: 8 });
    expect(loadNet(classes, uNet, 'w')?.facts).toEqual({ width: 0.125, order: 'as-released', orderSaid: false });
    expect(loadNet(classes, uNet, 'w', { order: 'classes' })?.net.options['order']).toBe('classes');
    expect(loadNet(infection, uNet, 'w')).toBeUndefined();
    expect(loadNet(classes, infNet, 'w')).toBeUndefined();
    expect(loadNet(own, uNet, 'w')).toBeUndefined();
  });

  it('builds a net of a user as its file says', () => {
    const module = new Conv2d(3, 4, 5, { padding: 1 });
    const said = { [TASK_NAME]: 'lesions', [NET_OPTIONS]: '{"kernel":5}' };
    expect(loadNet(own, contentOf(module, said), 'w')?.net.title).toBe('lesions, kernel 5');
    expect(loadNet(own, contentOf(module, { ...said, [TASK_NAME]: 'other' }), 'w')).toBeUndefined();
    expect(() => loadNet(own, contentOf(module), 'w')).toThrow(expect.objectContaining({ code: 'CHECKPOINT_KEYS' }));
  });
});

it('names figures by the keys of the classes', () => {
  const scores = new ClassScoring(own.classes);
  const map = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 1) } as const;
  scores.add({ labels: map }, map);
  expect(scores.figures).toMatchObject({ dice: 1, diceGroundGlassOpacity: 1, sensitivityGroundGlassOpacity: 1 });
  expect(scores.figures).not.toHaveProperty('sensitivityVessel');
});

describe('a task of one’s own is refused', () => {
  const colours = [
    { name: 'background', colour: [0, 0, 0] },
    { name: 'lesion', colour: [240, 72, 40] },
  ] as const;
  const definition = {
    name: 'lesions',
    classes: colours,
    net: () => new Conv2d(3, 2, 3, { padding: 1 }),
    logits: (net: Conv2d, inputs: Readonly<Record<string, Tensor>>) => net.call(inputNamed(inputs, 'image')),
    loss: (net: Conv2d, batch: Readonly<Record<string, Tensor>>) => net.call(inputNamed(batch, 'image')),
  };
  const image = { image: [1, 3, SIZE, SIZE] };

  it.each<[string, object, string, RegExp]>([
    ['with a misspelt field', { widow: 'lung' }, 'OPTION_UNKNOWN', /no field widow/],
    ['without a net', { net: undefined }, 'TASK_FIELD', /"net" is missing; a function/],
    ['with a loss that is a text', { loss: 'dice' }, 'TASK_FIELD', /"loss" is of another kind/],
    ['with one class', { classes: colours.slice(1) }, 'TASK_FIELD', /"classes".*two or more/],
    ['without a name', { name: '' }, 'TASK_FIELD', /"name"/],
  ])('%s', (_name, change, code, words) => {
    const { code: told, message } = thrownBy(() => defineTask({ ...definition, ...change } as never));
    expect([told, message]).toEqual([code, expect.stringMatching(words)]);
  });

  it('when its net tells another number of classes: here two channels for two classes', () => {
    const net = defineTask(definition).net({});
    const { code, message } = thrownBy(() => trace((inputs) => net.forward(inputs), image));
    expect([code, message]).toEqual(['TASK_LOGITS', expect.stringContaining(`2 classes need [N, 1, size, size]`)]);
  });

  it('when the maps have another size than the input', () => {
    const net = own.net({});
    const slice = { width: 5, height: 4 };
    const { code, message } = thrownBy(() => net.interpret(wave((4 * SIZE * SIZE) / 4), slice, { size: SIZE }));
    expect([code, message]).toEqual(['TASK_LOGITS', expect.stringContaining('64 values')]);
  });
});

it('says which input is missing', () => {
  const inputs: Readonly<Record<string, Tensor>> = {};
  expect(thrownBy(() => inputNamed(inputs, 'image')).code).toBe('TASK_INPUT');
});
