import { join } from 'node:path';
import { type WritableTensor, writeSafetensors } from '@infnet/checkpoint';
import { initialValues, type Parameter } from '@infnet/core';
import { InfNet, type InfNetOptions } from '@infnet/inf-net';
import { beforeAll, describe, expect, it } from 'vitest';
import { contents, infnet, recipeWeights, SMALL, temporaryFolder, write } from './support.js';

describe('infnet export', () => {
  const folder = temporaryFolder();
  const weights = join(folder, 'w.safetensors');
  const out = join(folder, 'net.onnx');

  beforeAll(() => {
    const tensors = [...recipeWeights(SMALL)].map(([name, tensor]) => ({ name, ...tensor }));
    write(folder, { 'w.safetensors': writeSafetensors(tensors, { trained: 'false' }) });
  });

  /** Texts of the file, which protocol buffers keep as they are. */
  const text = (name: string): string => (contents(folder).get(name) as Buffer).toString('latin1');

  it('writes the net with its weights, and says what is in it', async () => {
    const { code, stdout, stderr } = await infnet([
      'export',
      '--weights',
      weights,
      '--out',
      out,
      '--size',
      '64',
      '--json',
    ]);
    expect(stderr).toContain('UNTRAINED');
    expect(code).toBe(0);
    const bytes = contents(folder).get('net.onnx') as Buffer;
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'export',
      file: out,
      bytes: bytes.length,
      input: [1, 3, 64, 64],
      outputs: ['probability'],
      untrained: true,
    });
    for (const said of ['resnet.layer1.0.conv1/Conv', 'resnet.layer1.0.conv1.weight', 'probability', 'res2net50']) {
      expect(text('net.onnx')).toContain(said);
    }
    expect(text('net.onnx')).not.toContain('resnet.fc');
  });

  /** Weights as a `ParameterStore` gives them: nothing that no forward reads. */
  const read = (options: InfNetOptions, values: (parameter: Parameter) => Float32Array): WritableTensor[] =>
    new InfNet(options)
      .stateDictSpec()
      .filter(({ parameter }) => !parameter.unused)
      .map(({ name, shape, parameter }) => ({ name, shape, data: values(parameter) }));
  const first = (parameter: Parameter): Float32Array => initialValues(parameter, 3);
  const moved = (parameter: Parameter): Float32Array => first(parameter).map((value) => value + 0.5);
  const RESNET = { backbone: 'resnet50', width: 0.125, channels: 4 } as const;
  const VGG = { backbone: 'vgg16', width: 0.125, channels: 4 } as const;

  it.each<[string, InfNetOptions, (parameter: Parameter) => Float32Array, Record<string, string>, string]>([
    ['the first values of a seed, without a word in the file', RESNET, first, {}, 'false'],
    ['values that somebody trained, perhaps', RESNET, moved, {}, 'unknown'],
    ['what infnet train wrote', RESNET, moved, { made_by: 'infnet train', steps: '9' }, 'true'],
    ['what the file says', RESNET, first, { trained: 'true' }, 'true'],
    ['VGG-16 as a ParameterStore reads it, which has its decoder’s batch norms alone', VGG, moved, {}, 'unknown'],
  ])('says whether the weights were trained, of %s', async (_, options, values, metadata, trained) => {
    write(folder, { 'r.safetensors': writeSafetensors(read(options, values), metadata) });
    const argv = ['export', '--weights', join(folder, 'r.safetensors'), '--out', out, '--size', '64', '--json'];
    const { code, stdout, stderr } = await infnet(argv);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ trained, untrained: trained === 'false' });
    expect(stderr.includes('UNTRAINED')).toBe(trained === 'false');
    // A pair of metadata: key and value, each with its length before it.
    expect(text('net.onnx')).toContain(`\x0a\x07trained\x12${String.fromCharCode(trained.length)}${trained}`);
  });

  it('writes all maps, with an open batch size, where asked to', async () => {
    const { code, stdout } = await infnet([
      'export',
      '--weights',
      weights,
      '--out',
      out,
      '--size',
      '64',
      '--outputs',
      'all',
      '--open-batch',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'image [batch, 3, 64, 64] to lateralMap5, lateralMap4, lateralMap3, lateralMap2, lateralEdge (',
    );
  });

  it.each([
    [['--out', 'net.pb'], 'ends in .onnx'],
    [['--out', out, '--size', '100'], '--size 100 is no multiple of 32'],
    [['--out', out, '--outputs', 'mask'], 'Allowed choices are probability'],
    [['--out', out, '--backbone', 'vgg16'], '[CHECKPOINT_KEYS]'],
  ])('%j: exit code 2', async (argv, said) => {
    const { code, stderr } = await infnet(['export', '--weights', weights, ...argv]);
    expect(stderr).toContain(said);
    expect(code).toBe(2);
  });
});
