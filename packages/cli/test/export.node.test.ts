import { join } from 'node:path';
import { writeSafetensors } from '@infnet/checkpoint';
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
