import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '../src/index.js';

const header = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes.subarray(10, 128));

describe('npy', () => {
  it('writes what numpy.save writes: magic, version 1.0, a header padded to 128 bytes, little-endian floats', () => {
    const bytes = writeNpy(Float32Array.of(1, -2.5), [1, 2]);
    expect(Array.from(bytes.subarray(0, 10))).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
    expect(header(bytes)).toBe(`${text.padEnd(117)}\n`);
    expect(Array.from(bytes.subarray(128))).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
  });

  it('round trip of any rank, NaN and infinities included', () => {
    for (const shape of [
      [],
      [3],
      [2, 3],
      [1, 3, 2, 2],
      [0, 5],
      [2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ]) {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const data = Float32Array.from({ length: count }, (_, i) => [0.1, Number.NaN, -Infinity, 1e-40][i % 4] as number);
      const bytes = writeNpy(data, shape);
      expect(bytes.length % 4).toBe(0);
      expect((bytes.length - count * 4) % 64).toBe(0);
      const back = readNpy(bytes);
      expect(back.shape).toEqual(shape);
      expect(new Uint32Array(back.data.buffer)).toEqual(new Uint32Array(data.buffer));
    }
    expect(header(writeNpy(new Float32Array(3), [3]))).toContain("'shape': (3,)");
    expect(header(writeNpy(new Float32Array(1), []))).toContain("'shape': ()");
  });

  it('leaves the room that NumPy leaves, so that 20 dimensions take three lines of 64 bytes', () => {
    const shape = [...new Array(19).fill(1), 3];
    expect(writeNpy(new Float32Array(3), shape).length).toBe(204);
  });

  it('reads from an odd offset', () => {
    const bytes = writeNpy(Float32Array.of(4, 5, 6), [3]);
    const room = new Uint8Array(bytes.length + 3);
    room.set(bytes, 3);
    expect(Array.from(readNpy(room.subarray(3)).data)).toEqual([4, 5, 6]);
  });

  it('says what is wrong', async () => {
    const good = writeNpy(new Float32Array(6), [2, 3]);
    const edited = (from: string, to: string): Uint8Array => {
      const text = String.fromCharCode(...good).replace(from, to);
      return Uint8Array.from(text, (c) => c.charCodeAt(0));
    };
    expect((await expectError('DATA_NPY', () => readNpy(edited('<f4', '<f8'), 'p.npy'))).message).toContain('<f8');
    expect((await expectError('DATA_NPY', () => readNpy(edited('False', 'True ')))).message).toContain('Fortran');
    expect((await expectError('DATA_NPY', () => readNpy(good.subarray(0, good.length - 1)))).message).toContain(
      '24 bytes',
    );
    await expectError('DATA_NPY', () => readNpy(good.subarray(0, 40)));
    await expectError('DATA_NPY', () => readNpy(new Uint8Array(0)));
    await expectError('DATA_NPY', () => readNpy(new TextEncoder().encode('hello, I am not an array')));
    await expectError('DATA_ARGUMENT', () => writeNpy(new Float32Array(5), [2, 3]));
    await expectError('DATA_ARGUMENT', () => writeNpy(new Float32Array(6), [-2, -3]));
  });
});
