import { join } from 'node:path';
import { readCheckpoint, writeSafetensors } from '@infnet/checkpoint';
import type { BackboneName } from '@infnet/inf-net';
import { infection } from '@infnet/segmentation';
import { type TorchTensor, writeTorchZip } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { loadWeights } from '../src/commands/segment/weights.js';
import { contents, infnet, recipeWeights, SMALL, temporaryFolder, write } from './support.js';

const named = (state: ReadonlyMap<string, TorchTensor>): (TorchTensor & { name: string })[] =>
  [...state].map(([name, tensor]) => ({ name, ...tensor }));

describe('weights', () => {
  const folder = temporaryFolder();

  it.each<[BackboneName, number, number]>([
    ['res2net50', 0.25, 8],
    ['res2net101', 0.25, 16],
    ['resnet50', 0.125, 8],
    ['vgg16', 0.125, 12],
  ])('%s of width %d and %d channels is told from keys and shapes', async (backbone, width, channels) => {
    const file = join(folder, `${backbone}.safetensors`);
    write(folder, {
      [`${backbone}.safetensors`]: writeSafetensors(named(recipeWeights({ backbone, width, channels }))),
    });
    const { description, state } = await loadWeights(infection, file);
    expect(description).toMatchObject({ backbone, width, channels, format: 'safetensors', untrained: false });
    expect(state.size).toBe(description.tensors);
  });

  it('gives the same values from .pth as from safetensors, with and without what nobody reads', async () => {
    const unread = (name: string): boolean => name.endsWith('num_batches_tracked') || name.startsWith('resnet.fc.');
    const [whole, lean] = [recipeWeights(SMALL), recipeWeights(SMALL, unread)];
    write(folder, { 'w.pth': writeTorchZip(lean), 'w.safetensors': writeSafetensors(named(whole)) });
    const [a, b] = [
      await loadWeights(infection, join(folder, 'w.pth')),
      await loadWeights(infection, join(folder, 'w.safetensors')),
    ];
    expect(a.description.format).toBe('pth-zip');
    expect(a.state.size).toBeLessThan(b.state.size);
    const bytes = (data: ArrayLike<number> | undefined): Buffer =>
      Buffer.from(new Uint8Array((data as Float32Array).slice().buffer));
    for (const [name, { data }] of a.state) expect(bytes(data).equals(bytes(b.state.get(name)?.data)), name).toBe(true);
  });

  it('lists the first ten missing, surplus and mis-shaped keys with their counts and refuses', async () => {
    const state = recipeWeights(SMALL, (name) => name.startsWith('rfb3_1.'));
    state.set('ra2_conv1.conv.weight', { shape: [1], data: new Float32Array(1) });
    for (let i = 0; i < 12; i++) state.set(`extra.${i}`, { shape: [1], data: new Float32Array(1) });
    write(folder, { 'bad.pth': writeTorchZip(state), 'a.png': 'x' });
    const { code, stderr } = await infnet([
      'segment',
      join(folder, 'a.png'),
      '--weights',
      join(folder, 'bad.pth'),
      '--out',
      join(folder, 'out'),
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('[CHECKPOINT_KEYS]');
    expect(stderr).toMatch(/\d+ missing:\n {4}"?rfb3_1\./);
    expect(stderr).toContain('12 surplus:');
    expect(stderr).toContain('... and 2 more');
    expect(stderr).toContain('1 of another shape:');
    expect(stderr).toMatch(/ra2_conv1\.conv\.weight"?: expected \[[\d,]+\], found \[1\]/);
  });

  it('says so when the keys are of no backbone, or of another than the one asked for', async () => {
    write(folder, {
      'unet.pth': writeTorchZip(new Map([['inc.conv.weight', { shape: [1], data: new Float32Array(1) }]])),
    });
    await expect(loadWeights(infection, join(folder, 'unet.pth'))).rejects.toMatchObject({
      code: 'CLI_BACKBONE',
      message: expect.stringContaining('inc.conv.weight'),
    });
    write(folder, { 'small.pth': writeTorchZip(recipeWeights(SMALL)) });
    await expect(loadWeights(infection, join(folder, 'small.pth'), { backbone: 'vgg16' })).rejects.toMatchObject({
      code: 'CHECKPOINT_KEYS',
    });
  });
});

describe('infnet weights', () => {
  it('writes untrained weights, the same bytes for the same seed, that say what they are', async () => {
    const folder = temporaryFolder();
    const make = (name: string, seed: string): ReturnType<typeof infnet> =>
      infnet(['weights', '--out', join(folder, name), '--seed', seed, '--backbone', 'resnet50', '--width', '0.125']);
    const { code, stdout } = await make('a.safetensors', '5');
    expect(code).toBe(0);
    expect(stdout).toContain('UNTRAINED resnet50');
    await make('b.safetensors', '5');
    await make('c.safetensors', '6');
    const files = contents(folder);
    expect(files.get('a.safetensors')?.equals(files.get('b.safetensors') as Buffer)).toBe(true);
    expect(files.get('a.safetensors')?.equals(files.get('c.safetensors') as Buffer)).toBe(false);
    const checkpoint = readCheckpoint(new Uint8Array(files.get('a.safetensors') as Buffer));
    expect(checkpoint.metadata.get('trained')).toBe('false');
    const { description } = await loadWeights(infection, join(folder, 'a.safetensors'));
    expect(description).toMatchObject({ backbone: 'resnet50', width: 0.125, untrained: true });
  });
});
