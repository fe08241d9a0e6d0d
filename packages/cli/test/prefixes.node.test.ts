/**
 * Weights under the keys that people's files have (case 12 of shared/cases): the same net, with a note, or a choice.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type WritableTensor, writeSafetensors } from '@infnet/checkpoint';
import { UNet } from '@infnet/inf-net';
import { classes, infection } from '@infnet/segmentation';
import { type TorchTensor, writeTorchZip } from '@infnet/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadWeights } from '../src/commands/segment/weights.js';
import { asArgument } from '../src/shell.js';
import { contents, infnet, phantomPng, recipeWeights, SMALL, temporaryFolder, write } from './support.js';

const PREFIXES = [
  '_orig_mod.',
  '_orig_mod.module.',
  'module._orig_mod.',
  'module.module.',
  'model.',
  'net.',
  'module.model.net.',
  'ema.',
  'student.',
  'lit._orig_mod.net.',
];

const state = recipeWeights(SMALL);
const named = (prefix: string, tensors = state): WritableTensor[] =>
  [...tensors].map(([name, tensor]) => ({ name: prefix + name, ...tensor }));
const zeros = new Map([...state].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0) }]));

/** `toEqual` would look at a million numbers one by one. */
function sameBits(a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): boolean {
  const bytes = (data: ArrayLike<number> | undefined): Buffer => {
    const { buffer, byteOffset, byteLength } = data as Float32Array;
    return Buffer.from(buffer, byteOffset, byteLength);
  };
  return bytes(a).equals(bytes(b));
}

describe('prefixes of keys', () => {
  const folder = temporaryFolder();
  const file = (name: string): string => join(folder, name);

  beforeAll(() => {
    write(folder, {
      'plain.safetensors': writeSafetensors(named('')),
      'two.safetensors': writeSafetensors([...named('student.'), ...named('teacher.', zeros as typeof state)]),
      'twin.safetensors': writeSafetensors([...named(''), ...named('ema.', zeros as typeof state)]),
      'a.png': phantomPng(3, 64, 64),
    });
  });

  it.each(PREFIXES)('%s is peeled, and every value is that of the plain file', async (prefix) => {
    write(folder, {
      'w.safetensors': writeSafetensors(
        [...named(prefix), { name: 'x.y', shape: [1], data: Float32Array.of(1) }].slice(0, -1),
      ),
    });
    const [plain, peeled] = [
      await loadWeights(infection, file('plain.safetensors')),
      await loadWeights(infection, file('w.safetensors')),
    ];
    expect([...peeled.state.keys()]).toEqual([...plain.state.keys()]);
    for (const [name, { data }] of plain.state) expect(sameBits(peeled.state.get(name)?.data, data), name).toBe(true);
    expect(peeled.description.prefix).toContain(prefix.split('.')[0]);
    expect(peeled.description.notes.join()).toContain('its keys are read without');
    expect(plain.description).toMatchObject({ prefix: '', notes: [] });
  });

  it('gives the same logits bit for bit, and says so on stderr and in the document', async () => {
    write(folder, {
      'lit.safetensors': writeSafetensors([
        ...named('model.'),
        { name: 'loss.weight', shape: [1], data: Float32Array.of(1) },
      ]),
    });
    const runs: Map<string, Buffer>[] = [];
    for (const weights of ['plain.safetensors', 'lit.safetensors']) {
      const out = file(`out-${weights}`);
      const argv = [
        'segment',
        file('a.png'),
        '--weights',
        file(weights),
        '--out',
        out,
        '--size',
        '64',
        '--format',
        'npy',
        '--json',
      ];
      const { code, stdout, stderr } = await infnet(argv);
      expect(code, stderr).toBe(0);
      runs.push(contents(out));
      const { weights: told } = JSON.parse(stdout) as { weights: { prefix: string; notes: string[] } };
      if (weights === 'plain.safetensors') continue;
      expect(stderr).toContain('lit.safetensors: its keys are read without model.');
      expect(stderr).toContain('1 keys are not of this net and were left out: loss.weight');
      expect(told).toMatchObject({
        prefix: 'model.',
        notes: expect.arrayContaining([expect.stringContaining('model.')]),
      });
    }
    const logits = runs.map((files) => files.get('a.logits.npy'));
    expect(logits[0]?.length).toBeGreaterThan(64 * 64 * 4);
    expect(logits[0]?.equals(logits[1] as Buffer)).toBe(true);
  });

  it.each([
    ['two.safetensors', ['student.', 'teacher.'], 'teacher'],
    ['two.safetensors', ['student.', 'teacher.'], 'teacher.'],
    ['twin.safetensors', ['no prefix', 'ema.'], 'ema'],
  ])('%s: two nets are both named, and one is chosen by --weights-key', async (name, said, key) => {
    const { code, stderr } = await infnet(['segment', file('a.png'), '--weights', file(name), '--out', file('o')]);
    expect(code).toBe(2);
    expect(stderr).toContain('[CHECKPOINT_AMBIGUOUS]');
    for (const prefix of said) expect(stderr).toContain(prefix);
    expect(stderr).toContain('--weights-key');
    expect(stderr).not.toMatch(/=>|option prefix/);
    const { state: values } = await loadWeights(infection, file(name), undefined, { key });
    expect(values.get('resnet.conv1.0.weight')?.data[0]).toBe(0);
  });

  it('finds a net in a dictionary of a .pth, whatever its name', async () => {
    for (const key of ['model_state_dict', 'state_dict', 'model', 'net', 'ema', 'generator']) {
      write(folder, { 'd.pth': writeTorchZip(state, { wrap: key }) });
      const { description, state: values } = await loadWeights(infection, file('d.pth'));
      const name = 'resnet.conv1.0.weight';
      expect(sameBits(values.get(name)?.data, state.get(name)?.data)).toBe(true);
      expect(description.notes[0]).toBe(`the weights are its ${key}`);
    }
  });

  it('takes a key as the name of a dictionary, and . for what is found without one', async () => {
    const pair = (values: Map<string, TorchTensor>) => writeTorchZip(values, { wrap: 'ema' });
    write(folder, { 'one.pth': pair(state) });
    const { state: values } = await loadWeights(infection, file('one.pth'), undefined, { key: 'ema' });
    expect(sameBits(values.get('resnet.bn1.weight')?.data, state.get('resnet.bn1.weight')?.data)).toBe(true);
    const { state: top } = await loadWeights(infection, file('one.pth'), undefined, { key: '.' });
    expect(top.size).toBe(values.size);
  });

  it('says by which option a part is chosen, and what there is where it is not found', async () => {
    await expect(loadWeights(infection, file('plain.safetensors'), undefined, { key: 'critic' })).rejects.toMatchObject(
      {
        code: 'CHECKPOINT_KEYS',
        message: expect.stringContaining('begins with critic.'),
        fix: expect.stringContaining('--weights-key'),
      },
    );
  });

  it('of the U-Net are peeled too', async () => {
    const net = new UNet({ width: 1 / 16 });
    const tensors = net
      .stateDictSpec()
      .map(({ name, shape }): readonly [string, TorchTensor] => [
        name,
        { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
      ]);
    write(folder, { 'u.safetensors': writeSafetensors(named('model._orig_mod.', new Map(tensors))) });
    const { description } = await loadWeights(classes, file('u.safetensors'));
    expect(description).toMatchObject({ width: 1 / 16, prefix: '_orig_mod.model.' });
    await expect(loadWeights(infection, file('u.safetensors'))).rejects.toMatchObject({ code: 'CLI_WRONG_NET' });
  });

  it('gives no advice in the words of a library', async () => {
    const lean = recipeWeights(SMALL, (name) => name.startsWith('rfb3_1.'));
    write(folder, { 'lean.pth': writeTorchZip(lean) });
    const { stderr } = await infnet(['segment', file('a.png'), '--weights', file('lean.pth'), '--out', file('o')]);
    expect(stderr).toContain('[CHECKPOINT_KEYS]');
    expect(stderr).not.toMatch(/option optional|rename|=>/);
  });

  it('are those of the net, not of the state of a training', async () => {
    // The optimiser's moments have the net's names: two more nets, it seems.
    const parts = ['parameters/', 'optimizer/exp_avg.', 'optimizer/exp_avg_sq.'].flatMap((start) => named(start));
    const bytes = writeSafetensors(parts, { kind: 'infnet training state', progress: '{}' });
    const run = join(folder, 'a run');
    mkdirSync(join(run, 'checkpoints'), { recursive: true });
    const state = join(run, 'checkpoints', 'last.safetensors');
    writeFileSync(state, bytes);
    for (const key of [undefined, '.', 'optimizer/exp_avg.']) {
      await expect(loadWeights(infection, state, undefined, { key })).rejects.toMatchObject({
        code: 'CLI_WRONG_NET',
        fix: expect.stringContaining(`infnet train --out ${asArgument(run)} --resume`),
      });
    }
    const best = join(run, 'checkpoints', 'best.safetensors');
    writeFileSync(best, writeSafetensors(named('')));
    await expect(loadWeights(infection, state)).rejects.toMatchObject({ fix: `Give ${best}.` });
  });
});
