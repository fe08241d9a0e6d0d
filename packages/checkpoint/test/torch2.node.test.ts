/** Files that torch 2.13 wrote; `fixtures/make_fixtures.py` says what is in them and makes them again. */

import { readFileSync } from 'node:fs';
import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { type Checkpoint, type ReadCheckpointOptions, readCheckpoint } from '../src/index.js';

const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const read = (name: string, options?: ReadCheckpointOptions): Checkpoint => readCheckpoint(bytesOf(name), options);

const ramp = (count: number, start: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => i * 0.5 + start);

function expectNet(checkpoint: Checkpoint): void {
  const data = (name: string): unknown => checkpoint.tensors.get(name)?.data;
  const shape = (name: string): unknown => checkpoint.tensors.get(name)?.shape;
  expect(shape('conv.weight')).toEqual([4, 3, 3, 3]);
  expect(data('conv.weight')).toEqual(ramp(108, 0));
  expect(data('conv.bias')).toEqual(ramp(4, 1));
  expect(data('bn.weight')).toEqual(ramp(4, 2));
  expect(data('bn.bias')).toEqual(ramp(4, 3));
  expect(data('bn.running_mean')).toEqual(new Float32Array(4));
  expect(data('bn.running_var')).toEqual(new Float32Array(4).fill(1));
  expect(data('bn.num_batches_tracked')).toEqual(BigInt64Array.of(0n));
  expect(shape('bn.num_batches_tracked')).toEqual([]);
  expect(data('head.weight')).toEqual(ramp(8, 4));
  expect(shape('head.weight')).toEqual([2, 4]);
  expect(data('head.bias')).toEqual(ramp(2, 5));
}

describe('checkpoints of torch 2.13', () => {
  for (const name of ['modern', 'modern_legacy', 'protocol4', 'no_crc', 'deflated']) {
    it(`${name}.pth: a real state dict with a channels_last weight and a tied tensor`, () => {
      const checkpoint = read(`${name}.pth`);
      expectNet(checkpoint);
      expect(checkpoint.tensors.size).toBe(10);
      expect(checkpoint.tensors.get('tied')?.data).toEqual(ramp(8, 4));
      expect(checkpoint.path).toEqual([]);
    });
  }

  it('training.pth: the net is found beside optimizer and scheduler, and module. is removed', () => {
    const checkpoint = read('training.pth');
    expectNet(checkpoint);
    expect(checkpoint.tensors.size).toBe(9);
    expect(checkpoint.path).toEqual(['model']);
    expect(checkpoint.strippedPrefix).toBe('module.');
    expect([...checkpoint.metadata]).toEqual([
      ['epoch', 7],
      ['arch', 'Net'],
    ]);
  });

  it('wide.pth: all integers, a parameter, an expanded tensor, plain torch values', () => {
    const { tensors, metadata, skipped } = read('wide.pth');
    const data = (name: string): unknown => tensors.get(name)?.data;
    expect(data('u16')).toEqual(Uint16Array.of(0, 1, 2, 3, 4));
    expect(data('u32')).toEqual(Uint32Array.of(0, 1, 2, 3, 4));
    expect(data('u64')).toEqual(BigUint64Array.of(0n, 1n, 2n, 3n, 4n));
    expect(data('i8')).toEqual(Int8Array.of(-2, -1, 0, 1, 2));
    expect(data('i16')).toEqual(Int16Array.of(-2, -1, 0, 1, 2));
    expect(data('i32')).toEqual(Int32Array.of(-2, -1, 0, 1, 2));
    expect(data('i64')).toEqual(BigInt64Array.of(-2n, -1n, 0n, 1n, 2n));
    expect(data('parameter')).toEqual(ramp(6, 0));
    expect(data('expanded')).toEqual(new Float32Array(20).fill(3));
    expect(metadata.get('device')).toBe('cpu');
    expect(skipped).toEqual(['size', 'dtype']);
  });

  it('a sparse tensor is refused by name; a NumPy scalar beside the state dict is left aside', () => {
    expect(thrownBy(() => read('refused_sparse.pth')).details['global']).toBe('torch._utils._rebuild_sparse_tensor');
    const { tensors, skipped } = read('refused_numpy.pth');
    expect(tensors.get('a')?.data).toEqual(Float32Array.of(0));
    expect(skipped).toEqual(['dice']);
  });

  it('reads a file that lies unaligned in a larger buffer', () => {
    const bytes = bytesOf('modern.pth');
    for (const shift of [1, 2, 4]) {
      const inside = new Uint8Array(bytes.length + shift).subarray(shift);
      inside.set(bytes);
      expectNet(readCheckpoint(inside));
    }
  });

  it('finds a flipped byte in the weights by the checksum, unless told not to look', () => {
    const bytes = Uint8Array.from(bytesOf('modern.pth'));
    const view = new DataView(bytes.buffer);
    let at = 0;
    // conv.bias is 1, 1.5, 2, 2.5 and nothing else in the file is.
    while (!ramp(4, 1).every((value, k) => view.getFloat32(at + 4 * k, true) === value)) at++;
    bytes[at + 2]! ^= 0x40;
    const error = thrownBy(() => readCheckpoint(bytes));
    expect(error.code).toBe('CHECKPOINT_CORRUPT');
    expect(error.message).toContain('CRC-32');
    const unverified = readCheckpoint(bytes, { verify: false }).tensors.get('conv.bias')?.data;
    expect(unverified).toHaveLength(4);
    expect(unverified).not.toEqual(ramp(4, 1));
  });
});
