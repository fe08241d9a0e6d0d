/** Checkpoints that mean harm: members and keys twice, headers that disagree, and floods of what costs memory. */
import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { readCheckpoint, readSafetensors } from '../src/index.js';
import { floats, type PickleWriter, pickled, streamFile, vector, writeTensor, zipFile } from './support/torch-file.js';
import { writeZip } from './support/zip-writer.js';

const code = (bytes: Uint8Array): string => thrownBy(() => readCheckpoint(bytes)).code;
const flood = (write: (pickle: PickleWriter) => void): string => code(zipFile(pickled(write)));
const many = (count: number, ...bytes: readonly number[]): Uint8Array => {
  const out = new Uint8Array(count * bytes.length);
  for (let i = 0; i < out.length; i++) out[i] = bytes[i % bytes.length] as number;
  return out;
};

const dictionary = pickled((p) => p.dict([['a', () => writeTensor(p, vector('0', 3))]]));
const storages = { 0: floats(1, 2, 3) };

describe('pickles of a few bytes for each object', () => {
  it.each([
    ['None', [0x4e]],
    ['lists', [0x5d]],
    ['dictionaries', [0x7d]],
    ['tuples', [0x29]],
    ['memo entries', [0x94]],
    ['copies', [0x32]],
    ['bytes', [0x43, 0]],
    ['texts', [0x55, 0]],
    ['objects of a class that is not made', [0x82, 1]],
  ] satisfies [string, number[]][])('%s are paid for', (_, bytes) => {
    expect(flood((p) => p.op('N').raw(many(600_000, ...bytes)))).toBe('CHECKPOINT_LIMIT');
  });

  it('the same arguments again and again', () => {
    const chain = (p: PickleWriter): PickleWriter =>
      p
        .op('(')
        .raw(many(20_000, 0x4e))
        .op('t', 'q', 0)
        .global('foo', 'bar')
        .raw(many(3000, 0x68, 0, 0x52));
    expect(flood(chain)).toBe('CHECKPOINT_LIMIT');
  });

  it('a large dictionary of a large file is not refused', () => {
    const entries = pickled((p) => {
      p.op('}', '(');
      for (let i = 0; i < 30_000; i++) p.text(`name ${i}`).int(i);
      p.text('w');
      writeTensor(p, vector('0', 3));
      p.op('u');
    });
    expect(readCheckpoint(zipFile(entries, storages)).metadata.size).toBe(30_000);
  });

  it('tensors with attributes, one in another, deeper than a stack is', () => {
    const nested = (p: PickleWriter): PickleWriter => {
      p.global('torch._tensor', '_rebuild_from_type_v2').op('q', 0).global('torch', 'Tensor').op('q', 1, '0', '0');
      p.op('h', 0, 'h', 1, ')');
      for (let i = 0; i < 9000; i++) p.op(0x87, 'q', 2, '0', 'h', 0, 'h', 1, 'h', 2);
      return p.op(0x87, 'R');
    };
    expect(flood(nested)).toBe('CHECKPOINT_CORRUPT');
  });
});

describe('what stands twice', () => {
  it('a key of a dictionary', () => {
    const twice = pickled((p) =>
      p.dict(['a', 'b', 'a'].map((key) => [key, () => void writeTensor(p, vector('0', 3))] as const)),
    );
    expect(thrownBy(() => readCheckpoint(zipFile(twice, storages))).message).toContain('"a" twice');
  });

  it('a storage in the list of a stream', () => {
    const once = ['0', 3, floats(1, 2, 3)] as const;
    expect(readCheckpoint(streamFile(dictionary, [once])).tensors.size).toBe(1);
    expect(code(streamFile(dictionary, [once, once]))).toBe('CHECKPOINT_CORRUPT');
  });

  it('the object of an archive, and a member', () => {
    const member = (name: string) => [name, dictionary] as const;
    expect(thrownBy(() => readCheckpoint(writeZip([member('a/data.pkl'), member('b/data.pkl')]))).message).toContain(
      'two objects',
    );
    expect(code(writeZip([member('a/data.pkl'), member('a/data.pkl')]))).toBe('CHECKPOINT_CORRUPT');
  });
});

describe('zip archives whose headers disagree', () => {
  const good = zipFile(dictionary, storages);
  const view = new DataView(good.buffer);
  const directory = view.getUint32(good.length - 6, true);
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };

  it.each([
    ['the name', 30],
    ['the method', 8],
    ['the checksum', 14],
    ['the size', 22],
    ['the packed size', 18],
  ])('%s', (_, at) => {
    expect(readCheckpoint(good).tensors.size).toBe(1);
    expect(code(changed(at, (good[at] as number) ^ 1))).toBe('CHECKPOINT_CORRUPT');
  });

  it('members that lie over each other, and over the directory', () => {
    const second = directory + 46 + view.getUint16(directory + 28, true);
    const bytes = good.slice();
    new DataView(bytes.buffer).setUint32(second + 42, 0, true);
    expect(thrownBy(() => readCheckpoint(bytes)).message).toContain('something else begins');
    const long = good.slice();
    for (const at of [20, 24]) new DataView(long.buffer).setUint32(directory + at, directory, true);
    expect(code(long)).toBe('CHECKPOINT_CORRUPT');
  });

  it('names of ten thousands of characters', () => {
    const name = `${'code/'.repeat(12_000)}x`;
    expect(
      readCheckpoint(
        writeZip([
          ['a/data.pkl', dictionary],
          ['a/data/0', floats(1, 2, 3)],
          [name, storages[0]],
        ]),
      ).tensors.size,
    ).toBe(1);
  });
});

describe('safetensors headers', () => {
  const file = (header: string): Uint8Array => {
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setUint32(0, header.length, true);
    bytes.set(new TextEncoder().encode(header), 8);
    return bytes;
  };
  const list = (count: number, entry: (n: number) => string): string =>
    Array.from({ length: count }, (_, n) => entry(n)).join();

  it('of more tensors or texts than a file has', () => {
    const empty = (n: number): string => `"${n}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`;
    expect(readSafetensors(file(`{${list(20_000, empty)}}`)).tensors.size).toBe(20_000);
    expect(code(file(`{${list(40_000, empty)}}`))).toBe('CHECKPOINT_LIMIT');
    expect(code(file(`{"__metadata__":{${list(40_000, (n) => `"${n}":""`)}}}`))).toBe('CHECKPOINT_LIMIT');
  });

  it('with a key twice, at every level', () => {
    for (const header of [
      '{"__metadata__":{"a":"1","a":"2"}}',
      '{"__metadata__":{},"__metadata__":{}}',
      '{"a":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
      '{"a":{"dtype":"F32","shape":[0],"shape":[0],"data_offsets":[0,0]}}',
    ]) {
      expect(thrownBy(() => readSafetensors(file(header))).message).toContain('twice');
    }
  });

  it('with values of other kinds', () => {
    for (const value of [
      '7',
      'null',
      '"F32"',
      '[]',
      '{"dtype":3}',
      '{"dtype":"F32","shape":{}}',
      '{"dtype":"F32","shape":[1e999]}',
    ]) {
      expect(code(file(`{"a":${value}}`))).toBe('CHECKPOINT_CORRUPT');
    }
  });
});
