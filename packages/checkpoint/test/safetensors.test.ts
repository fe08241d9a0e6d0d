import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  asFloat32,
  readCheckpoint,
  readSafetensors,
  type TensorData,
  type WritableValue,
  writeSafetensors,
} from '../src/index.js';

/** A file with this header text, padded or not as given, and this many zero bytes of data. */
function file(header: string, dataLength = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  return bytes;
}

const f32 = (name: string, shape: number[], begin: number, end: number): string =>
  `"${name}":{"dtype":"F32","shape":[${shape}],"data_offsets":[${begin},${end}]}`;

const ALL: readonly (readonly [name: string, data: TensorData])[] = [
  ['u8', Uint8Array.of(0, 255, 7)],
  ['f32', Float32Array.of(1.5, -0, Number.POSITIVE_INFINITY)],
  ['i8', Int8Array.of(-128, 127, 0)],
  ['f64', Float64Array.of(Math.PI, 5e-324, -1)],
  ['i16', Int16Array.of(-32768, 32767, 0)],
  ['u16', Uint16Array.of(65535, 0, 1)],
  ['i32', Int32Array.of(-(2 ** 31), 1, 2)],
  ['u32', Uint32Array.of(2 ** 32 - 1, 1, 2)],
  ['i64', BigInt64Array.of(-(2n ** 63n), 1n, 2n)],
  ['u64', BigUint64Array.of(2n ** 64n - 1n, 1n, 2n)],
];

describe('writeSafetensors', () => {
  it('writes what readSafetensors reads: every type, order of the header, metadata', () => {
    const tensors = ALL.map(([name, data]) => ({ name, shape: [3], data }));
    const bytes = writeSafetensors(tensors, { made: 'here', 'with "quotes"': 'ä\n' });
    const read = readSafetensors(bytes);
    expect([...read.tensors.keys()]).toEqual(ALL.map(([name]) => name));
    for (const [name, data] of ALL) {
      expect(read.tensors.get(name)?.data, name).toEqual(data);
      expect(read.tensors.get(name)?.shape).toEqual([3]);
    }
    expect([...read.metadata]).toEqual([
      ['made', 'here'],
      ['with "quotes"', 'ä\n'],
    ]);
    expect(readCheckpoint(bytes).format).toBe('safetensors');
  });

  it('aligns: the header is a multiple of 8 and every tensor a view', () => {
    for (let extra = 0; extra < 8; extra++) {
      const bytes = writeSafetensors([
        { name: 'b'.repeat(extra + 1), shape: [1], data: Uint8Array.of(1) },
        { name: 'a', shape: [2], data: Float64Array.of(1, 2) },
      ]);
      expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
      const { tensors } = readSafetensors(bytes);
      for (const { data } of tensors.values()) expect(data.buffer).toBe(bytes.buffer);
    }
  });

  it('is deterministic, and writing what was read gives the same bytes', () => {
    const tensors = ALL.map(([name, data]) => ({ name, shape: [3], data }));
    const first = writeSafetensors(tensors, new Map([['a', 'b']]));
    expect(writeSafetensors(tensors, { a: 'b' })).toEqual(first);
    expect(writeSafetensors(readSafetensors(first).tensors.values(), { a: 'b' })).toEqual(first);
  });

  it('keeps bool, scalars, empty tensors and keys like __proto__', () => {
    const { tensors } = readSafetensors(
      writeSafetensors([
        { name: 'mask', shape: [2], data: Uint8Array.of(1, 0), dtype: 'bool' },
        { name: 'scalar', shape: [], data: Float32Array.of(4) },
        { name: 'empty', shape: [0, 4], data: new Float32Array(0) },
        { name: '__proto__', shape: [1], data: Float32Array.of(5) },
      ]),
    );
    expect(tensors.get('mask')?.dtype).toBe('bool');
    expect(tensors.get('scalar')).toMatchObject({ shape: [], data: Float32Array.of(4) });
    expect(tensors.get('empty')).toMatchObject({ shape: [0, 4], data: new Float32Array(0) });
    expect(tensors.get('__proto__')?.data).toEqual(Float32Array.of(5));
    expect(Object.hasOwn(Object.prototype, 'data')).toBe(false);
  });

  it('stores float32 as float16 on demand, and says which tensor does not fit', () => {
    const tensor = { name: 'w', shape: [3], storeAs: 'float16' as const };
    const bytes = writeSafetensors([
      { ...tensor, data: Float32Array.of(1.5, 1 / 3, -65504) },
      { name: 'count', shape: [1], data: BigInt64Array.of(7n) },
    ]);
    const { tensors } = readSafetensors(bytes);
    expect(tensors.get('w')).toMatchObject({ dtype: 'float16', data: Float32Array.of(1.5, 0.333251953125, -65504) });
    expect(tensors.get('count')?.data).toEqual(BigInt64Array.of(7n));
    const large = thrownBy(() => writeSafetensors([{ ...tensor, data: Float32Array.of(0, 70000, 1) }]));
    expect(large).toMatchObject({ code: 'CHECKPOINT_TENSOR', message: expect.stringMatching(/"w".*70000.*65504/) });
    const wrong = thrownBy(() => writeSafetensors([{ ...tensor, data: Int32Array.of(1, 2, 3) }]));
    expect(wrong).toMatchObject({ code: 'CHECKPOINT_TENSOR', message: expect.stringContaining('int32') });
  });

  it('writes an empty file that reads back', () => {
    expect(readSafetensors(writeSafetensors([])).tensors.size).toBe(0);
  });

  it('refuses equal names, reserved names, shapes that do not fit and lone surrogates', () => {
    const one = { name: 'a', shape: [1], data: Float32Array.of(1) };
    const codes = [
      () => writeSafetensors([one, one]),
      () => writeSafetensors([{ ...one, name: '__metadata__' }]),
      () => writeSafetensors([{ ...one, shape: [2] }]),
      () => writeSafetensors([{ ...one, shape: [-1] }]),
      () => writeSafetensors([{ ...one, name: '\ud800' }]),
    ].map((run) => thrownBy(run).code);
    expect(codes).toEqual(Array(5).fill('CHECKPOINT_TENSOR'));
  });
});

describe('what writeSafetensors takes', () => {
  const a = { shape: [2], data: Float32Array.of(1, 2) };
  const b = { shape: [1], data: BigInt64Array.of(3n), dtype: 'int64' as const };
  const wanted = writeSafetensors([
    { name: 'a', ...a },
    { name: 'b', ...b },
  ]);

  it.each([
    ['a map, as a state dict is', new Map<string, WritableValue>(Object.entries({ a, b }))],
    ['an object', { a, b }],
    [
      'a map whose tensors have names of their own',
      new Map([
        ['a', { name: 'x', ...a }],
        ['b', { name: 'y', ...b }],
      ]),
    ],
    ['the tensors of a checkpoint', readSafetensors(wanted).tensors],
    ['their values', readSafetensors(wanted).tensors.values()],
  ] as [string, Parameters<typeof writeSafetensors>[0]][])('%s', (_, tensors) => {
    expect(writeSafetensors(tensors)).toEqual(wanted);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['a number', 7, 'a number'],
    ['a Float32Array', Float32Array.of(1), 'a Float32Array'],
    ['a tensor alone', { name: 'a', ...a }, 'a string'],
    ['a list of nothing', [null], 'null'],
    ['a tensor without a name', [a], 'no name'],
    ['a tensor without a shape', { a: { data: a.data } }, 'has the shape undefined'],
    ['a shape that is a number', { a: { ...a, shape: 2 } }, 'has the shape 2'],
    ['a plain list of numbers', { a: { ...a, data: [1, 2] } }, 'has an Array as data'],
    ['an ArrayBuffer', { a: { ...a, data: new ArrayBuffer(8) } }, 'has an ArrayBuffer as data'],
    ['clamped bytes', { a: { ...a, data: new Uint8ClampedArray(2) } }, 'has an Uint8ClampedArray as data'],
    ['no data', { a: { shape: [0] } }, 'has undefined as data'],
    ['another length', { a: { ...a, shape: [3] } }, 'has shape [3] but 2 elements'],
    ['another dtype', { a: { ...b, dtype: 'int32' } }, 'says int32'],
    ['a dtype that is none', { a: { ...a, dtype: 'f32' } }, 'says f32'],
    ['another form to store', { a: { ...a, storeAs: 'bfloat16' } }, 'cannot be stored as bfloat16'],
  ])('refuses %s with a code', (_, tensors, said) => {
    const error = thrownBy(() => writeSafetensors(tensors as Parameters<typeof writeSafetensors>[0]));
    expect(error.code).toBe('CHECKPOINT_TENSOR');
    expect(error.message).toContain(said);
    expect(error.fix).toBeTruthy();
  });

  it('refuses metadata that is not a text', () => {
    for (const metadata of [{ steps: 7 }, { a: null }, 'text', 7, new Map([['a', 1]])]) {
      expect(thrownBy(() => writeSafetensors([], metadata as unknown as Record<string, string>)).code).toBe(
        'CHECKPOINT_TENSOR',
      );
    }
    expect(readSafetensors(writeSafetensors([], undefined)).metadata.size).toBe(0);
  });
});

describe('readSafetensors', () => {
  it('widens F16 and BF16', () => {
    const bytes = file(
      '{"h":{"dtype":"F16","shape":[5],"data_offsets":[0,10]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[10,14]}}',
      14,
    );
    const view = new DataView(bytes.buffer);
    const start = bytes.length - 14;
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0x7bff, 0x3f80, 0xc040);
    for (const [i, bits] of halves.entries()) view.setUint16(start + 2 * i, bits, true);
    const { tensors } = readSafetensors(bytes);
    expect(tensors.get('h')).toMatchObject({
      dtype: 'float16',
      data: Float32Array.of(1, -2, 2 ** -24, Number.POSITIVE_INFINITY, 65504),
    });
    expect(tensors.get('b')).toMatchObject({ dtype: 'bfloat16', data: Float32Array.of(1, -3) });
  });

  const bad: readonly (readonly [what: string, bytes: Uint8Array, code: string, says: string])[] = [
    ['fewer than 8 bytes', new Uint8Array(3), 'CHECKPOINT_TRUNCATED', '3 bytes'],
    ['a header longer than the file', file('{}').fill(200, 0, 1), 'CHECKPOINT_TRUNCATED', 'claims 200 bytes'],
    ['a header above the limit', file('{}').fill(255, 0, 4), 'CHECKPOINT_CORRUPT', 'at most'],
    ['a header that is no object', file('[]'), 'CHECKPOINT_CORRUPT', 'not a JSON object'],
    ['a header that is no JSON', file('{"a":}'), 'CHECKPOINT_CORRUPT', 'no value'],
    ['text after the header', file('{} {}'), 'CHECKPOINT_CORRUPT', 'goes on'],
    ['a header that is no UTF-8', file('{}').fill(0xff, 8), 'CHECKPOINT_CORRUPT', 'UTF-8'],
    ['a key twice', file(`{${f32('a', [1], 0, 4)},${f32('a', [1], 0, 4)}}`, 4), 'CHECKPOINT_CORRUPT', '"a" twice'],
    ['overlap', file(`{${f32('a', [2], 0, 8)},${f32('b', [2], 4, 12)}}`, 12), 'CHECKPOINT_CORRUPT', 'within another'],
    ['a gap', file(`{${f32('a', [1], 0, 4)},${f32('b', [1], 8, 12)}}`, 12), 'CHECKPOINT_CORRUPT', 'gap of 4 bytes'],
    ['a gap at the start', file(`{${f32('a', [1], 4, 8)}}`, 8), 'CHECKPOINT_CORRUPT', 'gap of 4 bytes'],
    ['bytes that belong to nobody', file(`{${f32('a', [1], 0, 4)}}`, 5), 'CHECKPOINT_CORRUPT', '1 bytes after'],
    ['data that was cut', file(`{${f32('a', [4], 0, 16)}}`, 8), 'CHECKPOINT_TRUNCATED', 'of which there are 8'],
    ['a shape that does not fit', file(`{${f32('a', [3], 0, 8)}}`, 8), 'CHECKPOINT_CORRUPT', 'so 12 bytes'],
    ['an absurd shape', file(`{${f32('a', [2 ** 52, 2 ** 52], 0, 8)}}`, 8), 'CHECKPOINT_CORRUPT', 'offsets 0 to 8'],
    ['a negative size', file(`{${f32('a', [-1], 0, 8)}}`, 8), 'CHECKPOINT_CORRUPT', 'no valid shape'],
    [
      'a dtype that is not read',
      file(`{${f32('a', [8], 0, 8).replace('F32', 'F8_E4M3')}}`, 8),
      'CHECKPOINT_UNSUPPORTED',
      'F8_E4M3',
    ],
    ['an unknown field', file('{"a":{"evil":1}}'), 'CHECKPOINT_CORRUPT', '"evil"'],
    ['metadata that is no text', file('{"__metadata__":{"a":1}}'), 'CHECKPOINT_CORRUPT', 'not a string'],
    ['deep nesting', file('{"a":'.repeat(5000)), 'CHECKPOINT_CORRUPT', 'nests deeper'],
  ];
  for (const [what, bytes, code, says] of bad) {
    it(`refuses ${what}`, () => {
      const error = thrownBy(() => readSafetensors(bytes, { file: 'x.safetensors' }));
      expect(error.code).toBe(code);
      expect(error.message).toContain(says);
      expect(error.where).toBe('x.safetensors');
    });
  }

  it('reads headers as every other reader does: metadata null or empty, padding, empty tensors, bool and int64', () => {
    const entry = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    for (const header of [
      `{"__metadata__":null,${entry}}`,
      `{"__metadata__":{},${entry}}`,
      `{${entry},"__metadata__":null}`,
      `{${entry}}      `,
      `{ "a" : { "shape" : [ 1 ] , "data_offsets" : [ 0 , 4 ] , "dtype" : "F32" } }`,
      `{"e":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},${entry},"f":{"dtype":"I64","shape":[0],"data_offsets":[4,4]}}`,
    ]) {
      const { tensors, metadata } = readCheckpoint(file(header, 4));
      expect(tensors.get('a')?.data, header).toEqual(new Float32Array(1));
      expect(metadata.size).toBe(0);
    }
    const { tensors } = readSafetensors(
      file(
        '{"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"m":{"dtype":"BOOL","shape":[2],"data_offsets":[8,10]}}',
        10,
      ),
    );
    expect(tensors.get('n')).toMatchObject({ dtype: 'int64', shape: [], data: BigInt64Array.of(0n) });
    expect(tensors.get('m')).toMatchObject({ dtype: 'bool', data: Uint8Array.of(0, 0) });
    expect(readSafetensors(file('{"__metadata__":null}')).tensors.size).toBe(0);
  });

  it.each(['F8_E5M2', 'F8_E8M0', 'F4', 'C64', 'FLOAT'])(
    'names the tensor and its type where that is not read: %s',
    (type) => {
      const error = thrownBy(() =>
        readSafetensors(file(`{"w":{"dtype":"${type}","shape":[8],"data_offsets":[0,8]}}`, 8)),
      );
      expect(error).toMatchObject({ code: 'CHECKPOINT_UNSUPPORTED', details: { tensor: 'w', dtype: type } });
    },
  );

  it('gives up a header that is not a list of tensors at its first entry, and one of endless entries', () => {
    const list = `{"a":[${'{},'.repeat(150_000)}{}]}`;
    expect(thrownBy(() => readSafetensors(file(list))).code).toBe('CHECKPOINT_LIMIT');
    const nothing = `{${Array.from({ length: 100_000 }, (_, i) => `"${i}":{}`)}}`;
    expect(thrownBy(() => readSafetensors(file(nothing))).message).toContain('Tensor "0"');
  });

  it('tells a .pth file from safetensors', () => {
    const zip = Uint8Array.from('PK\x03\x04 and more', (character) => character.charCodeAt(0));
    expect(thrownBy(() => readSafetensors(zip)).message).toContain('a .pth file');
    expect(thrownBy(() => readSafetensors(new ArrayBuffer(8) as unknown as Uint8Array)).code).toBe(
      'CHECKPOINT_UNKNOWN_FORMAT',
    );
  });

  it('survives megabytes of one character in the header', () => {
    for (const [before, fill, after] of [
      ['', ' ', '{}'],
      ['{"', 'a', '":1}'],
      ['{"a":1', '1', '}'],
      ['{"', '\\', '"}'],
      ['', '[', ''],
    ] as const) {
      const error = thrownBy(() => readSafetensors(file(before + fill.repeat(8_000_000) + after, 1)));
      expect(error.code).toBe('CHECKPOINT_CORRUPT');
      expect(error.message.length).toBeLessThan(1000);
    }
  });

  it('copies on demand, and when the header is not aligned', () => {
    const bytes = writeSafetensors([{ name: 'a', shape: [2], data: Float32Array.of(1, 2) }]);
    const copy = readSafetensors(bytes, { copy: true }).tensors.get('a');
    expect(copy?.data.buffer).not.toBe(bytes.buffer);
    expect(copy?.data).toEqual(Float32Array.of(1, 2));
    const shifted = file(`{${f32('a', [1], 0, 4)}}`.padEnd(73), 4);
    expect(readSafetensors(shifted).tensors.get('a')?.data).toEqual(Float32Array.of(0));
  });
});

describe('asFloat32', () => {
  it('gives float32 of every type, and the same array where it is one', () => {
    const data = Float32Array.of(1, 2);
    expect(asFloat32({ data })).toBe(data);
    for (const [name, values] of ALL) {
      expect(asFloat32({ data: values }), name).toEqual(
        Float32Array.from(values, (value: number | bigint) => Number(value)),
      );
    }
  });
});

describe('a checksum in the metadata', () => {
  const tensors = [
    { name: 'b', shape: [2], data: Float32Array.of(1, -2) },
    { name: 'a', shape: [1], data: Uint8Array.of(7) },
  ];
  const written = (checksum: boolean | readonly string[], texts: Readonly<Record<string, string>> = { kind: 'x' }) =>
    writeSafetensors(tensors, texts, { checksum });

  it('is of the content, in any order; older files have none', () => {
    const sum = (bytes: Uint8Array): unknown => readSafetensors(bytes).metadata.get('checksum');
    expect(sum(written(false))).toBeUndefined();
    expect(sum(written(true))).toMatch(/^crc32:[0-9a-f]{8}$/);
    const { metadata } = readSafetensors(written(true));
    const turned = writeSafetensors(
      [...tensors].reverse(),
      Object.fromEntries([...metadata].reverse()) as Record<string, string>,
    );
    expect(sum(turned)).toBe(sum(written(true)));
    expect(sum(written(true, { kind: 'y' }))).not.toBe(sum(written(true)));
    expect(sum(written(['run'], { kind: 'x', run: '1' }))).toBe(sum(written(['run'], { kind: 'x', run: '2' })));
  });

  it('refuses what is another content, unless nobody asks', () => {
    const { metadata } = readSafetensors(written(true));
    const texts = Object.fromEntries(metadata) as Record<string, string>;
    const other = writeSafetensors(
      [{ name: 'b', shape: [2], data: Float32Array.of(1, 2) }, ...tensors.slice(1)],
      texts,
    );
    expect(() => readSafetensors(other, { file: 'f' })).toThrow(/CHECKPOINT_CORRUPT.*checksum.*\(at f\)/s);
    expect(readSafetensors(other, { verify: false }).tensors.size).toBe(2);
    const renamed = writeSafetensors(tensors, { ...texts, kind: 'z' });
    expect(() => readSafetensors(renamed)).toThrow(/CHECKPOINT_CORRUPT/);
  });

  it('of somebody else is left alone', () => {
    expect(readSafetensors(writeSafetensors(tensors, { checksum: 'sha256 of my own' })).tensors.size).toBe(2);
  });
});
