import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { type Checkpoint, readCheckpoint, readSafetensors } from '../src/index.js';
import {
  floats,
  type PickledTensor,
  type PickleWriter,
  pickled,
  streamFile,
  vector,
  vectorsFile,
  writeTensor,
  zipFile,
} from './support/torch-file.js';
import { writeZip } from './support/zip-writer.js';

/** A zip `.pth` of one tensor called `t`. */
function oneTensor(tensor: PickledTensor, storage: Uint8Array): Uint8Array {
  return zipFile(
    pickled((p) => p.dict([['t', () => writeTensor(p, tensor)]])),
    { [tensor.key]: storage },
  );
}

const tensorOf =
  (p: PickleWriter, key = '0', count = 1) =>
  () =>
    writeTensor(p, vector(key, count));
const names = (checkpoint: Checkpoint): string[] => [...checkpoint.tensors.keys()];

describe('zip archives', () => {
  it('are read with zip64 records, with a comment, unaligned, and deflated', () => {
    const pickle = pickled((p) => p.dict([['t', tensorOf(p, '0', 3)]]));
    for (const options of [{ zip64: true }, { comment: 'packed by hand' }, { align: 1 }, { deflate: true }]) {
      const { tensors } = readCheckpoint(zipFile(pickle, { 0: floats(1, 2, 3) }, options));
      expect(tensors.get('t')?.data).toEqual(Float32Array.of(1, 2, 3));
    }
  });

  it('give views of aligned storages, copies on demand', () => {
    const bytes = vectorsFile(['a']);
    expect(readCheckpoint(bytes).tensors.get('a')?.data.buffer).toBe(bytes.buffer);
    expect(readCheckpoint(bytes, { copy: true }).tensors.get('a')?.data.buffer).not.toBe(bytes.buffer);
  });

  it('without data.pkl are told from checkpoints, and their content is named', () => {
    const error = thrownBy(() => readCheckpoint(writeZip([['Inf-Net/weights.pth', floats(1)]])));
    expect(error.code).toBe('CHECKPOINT_UNKNOWN_FORMAT');
    expect(error.message).toContain('"Inf-Net/weights.pth"');
  });

  it('with damaged directories are refused', () => {
    const good = vectorsFile(['a']);
    const view = new DataView(good.buffer);
    const end = good.length - 22;
    const directory = view.getUint32(end + 16, true);
    const change = (at: number, value: number): string => {
      const bytes = good.slice();
      new DataView(bytes.buffer).setUint32(at, value, true);
      return thrownBy(() => readCheckpoint(bytes)).code;
    };
    expect(change(end + 16, good.length)).toBe('CHECKPOINT_CORRUPT');
    expect(change(end + 16, directory + 1)).toBe('CHECKPOINT_CORRUPT');
    expect(change(end + 12, 0xfffffff0)).toBe('CHECKPOINT_CORRUPT');
    expect(change(end + 16, 0xffffffff)).toBe('CHECKPOINT_CORRUPT');
    expect(change(directory, 0)).toBe('CHECKPOINT_CORRUPT');
    expect(change(directory + 20, 0x7fffffff)).toBe('CHECKPOINT_CORRUPT');
    expect(change(directory + 42, 0x7fffffff)).toBe('CHECKPOINT_TRUNCATED');
    expect(change(directory + 42, 1)).toBe('CHECKPOINT_CORRUPT');
  });

  it('that inflate to more or less than they claim are left at once', () => {
    const bomb = zipFile(new Uint8Array(5_000_000), {}, { deflate: true, claim: 10 });
    expect(bomb.length).toBeLessThan(100_000);
    expect(thrownBy(() => readCheckpoint(bomb)).message).toContain('does not inflate to 10 bytes');
    const less = zipFile(new Uint8Array(1000), {}, { deflate: true, claim: 1001 });
    expect(thrownBy(() => readCheckpoint(less)).message).toContain('does not inflate to 1001 bytes');
    const giant = zipFile(new Uint8Array(1000), {}, { deflate: true, claim: 2 ** 31 });
    expect(thrownBy(() => readCheckpoint(giant)).message).toContain('claims 2147483648 bytes');
    const honest = zipFile(new Uint8Array(5_000_000), {}, { deflate: true });
    expect(thrownBy(() => readCheckpoint(honest)).code).toBe('CHECKPOINT_LIMIT');
  });

  it('with equal names, or big-endian data, are refused', () => {
    const pickle = pickled((p) => p.dict([['t', tensorOf(p)]]));
    const entries: [string, Uint8Array][] = [
      ['a/data.pkl', pickle],
      ['a/data/0', floats(1)],
    ];
    expect(thrownBy(() => readCheckpoint(writeZip([...entries, ['a/data/0', floats(2)]]))).message).toContain(
      'two entries',
    );
    const big = writeZip([...entries, ['a/byteorder', new TextEncoder().encode('big')]]);
    expect(thrownBy(() => readCheckpoint(big)).code).toBe('CHECKPOINT_UNSUPPORTED');
  });
});

describe('tensors', () => {
  it('are materialised from every layout of a storage', () => {
    const storage = floats(...Array.from({ length: 24 }, (_, i) => i));
    const cases: readonly (readonly [shape: number[], strides: number[], offset: number, first: number[]])[] = [
      [[4, 6], [6, 1], 0, [0, 1, 2, 3]],
      [[6, 4], [1, 6], 0, [0, 6, 12, 18, 1]],
      [[2, 3, 4], [1, 2, 6], 0, [0, 6, 12, 18, 2, 8, 14, 20, 4]],
      [[3, 2], [6, 2], 5, [5, 7, 11, 13, 17, 19]],
      [[1, 4], [99, 1], 3, [3, 4, 5, 6]],
      [[2, 2], [0, 1], 7, [7, 8, 7, 8]],
      [[], [], 23, [23]],
      [[0, 4], [4, 1], 24, []],
    ];
    for (const [shape, strides, offset, first] of cases) {
      const tensor = readCheckpoint(
        oneTensor({ storage: 'FloatStorage', key: '0', count: 24, shape, strides, offset }, storage),
      ).tensors.get('t');
      expect(tensor?.shape).toEqual(shape);
      expect([...(tensor?.data ?? [])].slice(0, first.length)).toEqual(first);
      expect(tensor?.data).toHaveLength(shape.reduce((a, b) => a * b, 1));
    }
  });

  const outside: readonly Partial<PickledTensor>[] = [
    { shape: [5] },
    { offset: 1 },
    { shape: [2, 2], strides: [4, 1] },
    { shape: [2 ** 40], strides: [2 ** 40] },
    { shape: [-1] },
    { shape: [2, 2] },
    { shape: Array(70).fill(1), strides: Array(70).fill(1) },
    { shape: [0], offset: 5 },
  ];
  for (const change of outside) {
    it(`are refused outside their storage: ${JSON.stringify(change).slice(0, 60)}`, () => {
      const error = thrownBy(() => readCheckpoint(oneTensor({ ...vector('0', 4), ...change }, floats(1, 2, 3, 4))));
      expect(error.code).toBe('CHECKPOINT_TENSOR');
    });
  }

  it('are refused if the storage is missing or has another length', () => {
    const missing = zipFile(pickled((p) => p.dict([['t', tensorOf(p)]])));
    expect(thrownBy(() => readCheckpoint(missing)).message).toContain('no storage "0"');
    expect(thrownBy(() => readCheckpoint(oneTensor(vector('0', 4), floats(1)))).message).toContain('has 4 bytes');
  });

  it('expanded from one element to terabytes hit the limit before the memory', () => {
    const huge = { ...vector('0', 1), shape: [2 ** 20, 2 ** 20], strides: [0, 0] };
    const error = thrownBy(() => readCheckpoint(oneTensor(huge, floats(1))));
    expect(error.code).toBe('CHECKPOINT_LIMIT');
    expect(error.fix).toContain('maxDecodedBytes');
  });
});

describe('the stream format', () => {
  it('reads windows of storages as torch 0.3 wrote them', () => {
    const pickle = pickled((p) =>
      p.dict([
        [
          't',
          () => {
            p.global('torch._utils', '_rebuild_tensor').tuple(() => {
              p.tuple(() => {
                p.text('storage').global('torch', 'FloatStorage').text('7').text('cpu').int(6);
                p.tuple(() => p.text('8').int(2).int(3));
              }).op('Q');
              p.int(1).ints([2]).ints([1]);
            });
            p.op('R');
          },
        ],
      ]),
    );
    const { tensors } = readCheckpoint(streamFile(pickle, [['7', 6, floats(0, 1, 2, 3, 4, 5)]]));
    expect(tensors.get('t')?.data).toEqual(Float32Array.of(3, 4));
  });

  it('is refused with storages that are missing, unnamed, or of another length', () => {
    const pickle = pickled((p) => p.dict([['t', () => writeTensor(p, { ...vector('0', 2), legacy: true })]]));
    expect(readCheckpoint(streamFile(pickle, [['0', 2, floats(1, 2)]])).tensors.size).toBe(1);
    expect(thrownBy(() => readCheckpoint(streamFile(pickle, []))).message).toContain('no storage "0"');
    expect(thrownBy(() => readCheckpoint(streamFile(pickle, [['1', 2, floats(1, 2)]]))).code).toBe(
      'CHECKPOINT_CORRUPT',
    );
    expect(thrownBy(() => readCheckpoint(streamFile(pickle, [['0', 3, floats(1, 2, 3)]]))).message).toContain(
      'expect 2',
    );
    expect(thrownBy(() => readCheckpoint(streamFile(pickle, [['0', 2, floats(1)]]))).code).toBe('CHECKPOINT_TRUNCATED');
  });
});

describe('the search for the state dict', () => {
  const file = (write: (p: PickleWriter) => void): Uint8Array =>
    zipFile(pickled(write), { 0: floats(1), 1: floats(2) });

  it('prefers the usual names to a tensor beside them', () => {
    const checkpoint = readCheckpoint(
      file((p) =>
        p.dict([
          ['loss', tensorOf(p)],
          ['model', () => p.dict([['w', tensorOf(p, '1')]])],
        ]),
      ),
    );
    expect(checkpoint.path).toEqual(['model']);
    expect(names(checkpoint)).toEqual(['w']);
  });

  it('goes through several dictionaries', () => {
    const checkpoint = readCheckpoint(
      file((p) =>
        p.dict([
          ['epoch', () => p.int(3)],
          [
            'ema',
            () =>
              p.dict([
                ['decay', () => p.float(0.5)],
                ['state_dict', () => p.dict([['w', tensorOf(p)]])],
              ]),
          ],
          ['optimizer', () => p.dict([['momentum', tensorOf(p)]])],
        ]),
      ),
    );
    expect(checkpoint.path).toEqual(['ema', 'state_dict']);
    expect([...checkpoint.metadata]).toEqual([
      ['epoch', 3],
      ['decay', 0.5],
    ]);
  });

  it('refuses to guess between two, and takes the one it is told', () => {
    const bytes = file((p) =>
      p.dict([
        ['generator', () => p.dict([['g', tensorOf(p)]])],
        ['critic', () => p.dict([['c', tensorOf(p, '1')]])],
      ]),
    );
    const error = thrownBy(() => readCheckpoint(bytes));
    expect(error.code).toBe('CHECKPOINT_AMBIGUOUS');
    expect(error.message).toContain('["generator"], ["critic"]');
    expect(names(readCheckpoint(bytes, { stateDict: ['critic'] }))).toEqual(['c']);
    expect(thrownBy(() => readCheckpoint(bytes, { stateDict: ['judge'] })).message).toContain('"generator"');
  });

  it('says what is there instead of a state dict', () => {
    expect(thrownBy(() => readCheckpoint(file((p) => writeTensor(p, vector('0', 1))))).message).toContain('a tensor');
    expect(thrownBy(() => readCheckpoint(file((p) => p.dict([['lr', () => p.float(1)]])))).message).toContain('"lr"');
  });

  it('ends on dictionaries that contain themselves', () => {
    const bytes = file((p) => p.op('}', 'q', 0).text('self').op('h', 0, 's'));
    expect(thrownBy(() => readCheckpoint(bytes)).code).toBe('CHECKPOINT_NO_STATE_DICT');
    const loop = file((p) => {
      p.op('}', 'q', 0).text('state_dict').op('h', 0, 's').text('w');
      writeTensor(p, vector('0', 1));
      p.op('s');
    });
    expect(names(readCheckpoint(loop))).toEqual(['w']);
  });

  it('reports entries of a state dict that are not tensors', () => {
    const checkpoint = readCheckpoint(
      file((p) =>
        p.dict([
          ['w', tensorOf(p)],
          ['version', () => p.int(2)],
          ['_extra_state', () => p.op(']')],
        ]),
      ),
    );
    expect(checkpoint.skipped).toEqual(['_extra_state']);
    expect(checkpoint.metadata.get('version')).toBe(2);
  });

  it('strips module. only when all keys carry it', () => {
    expect(names(readCheckpoint(vectorsFile(['module.a', 'module.b'])))).toEqual(['a', 'b']);
    expect(names(readCheckpoint(vectorsFile(['module.a', 'b'])))).toEqual(['module.a', 'b']);
    expect(names(readCheckpoint(vectorsFile(['module.'])))).toEqual(['module.']);
  });

  it.each([
    [['_orig_mod.a', '_orig_mod.b.c'], ['a', 'b.c'], '_orig_mod.'],
    [['_orig_mod.module.a'], ['a'], '_orig_mod.module.'],
    [['module._orig_mod.a'], ['a'], 'module._orig_mod.'],
    [['module.module.a'], ['a'], 'module.module.'],
    [['a._orig_mod.b', 'c'], ['a.b', 'c'], '_orig_mod.'],
    [['_fsdp_wrapped_module.a._fsdp_wrapped_module.b'], ['a.b'], '_fsdp_wrapped_module.'],
    [['_orig_mod.a', 'a'], ['_orig_mod.a', 'a'], ''],
  ])('takes wrappers out of %j', (keys, expected, prefix) => {
    const checkpoint = readCheckpoint(vectorsFile(keys));
    expect(names(checkpoint)).toEqual(expected);
    expect(checkpoint.strippedPrefix).toBe(prefix);
    expect(names(readCheckpoint(vectorsFile(keys), { stripModulePrefix: false }))).toEqual(keys);
  });

  it('refuses to choose between a net and its twin with other values', () => {
    const twins = (a: string, b: string, key = '1'): Uint8Array =>
      file((p) =>
        p.dict([
          [a, () => p.dict([['w', tensorOf(p)]])],
          [b, () => p.dict([['state_dict', () => p.dict([['module.w', tensorOf(p, key)]])]])],
          ['optimizer', () => p.dict([['momentum', tensorOf(p)]])],
        ]),
      );
    for (const [a, b] of [
      ['model', 'ema'],
      ['ema', 'model'],
      ['state_dict', 'model'],
    ] as const) {
      const error = thrownBy(() => readCheckpoint(twins(a, b)));
      expect(error.code).toBe('CHECKPOINT_AMBIGUOUS');
      expect(error.message).toContain(`["${a}"]`);
      expect(error.message).toContain(`["${b}"]`);
      expect(readCheckpoint(twins(a, b), { stateDict: [a] }).path[0]).toBe(a);
    }
    // The same tensors twice are one net.
    expect(readCheckpoint(twins('model', 'net', '0')).path).toEqual(['model']);
  });

  it('treats __proto__ and constructor as keys like any other', () => {
    const checkpoint = readCheckpoint(vectorsFile(['__proto__', 'constructor', 'toString']));
    expect(names(checkpoint)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as Record<string, unknown>)['data']).toBeUndefined();
  });
});

describe('what is not a checkpoint', () => {
  it('is refused if it is not even bytes', () => {
    const error = thrownBy(() => readCheckpoint(new ArrayBuffer(8) as unknown as Uint8Array));
    expect(error.fix).toContain('new Uint8Array');
  });

  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const empty = new Uint8Array(0);
  /** Bytes in a file of zeros with a one at its end. */
  const at = (start: number, bytes: string): Uint8Array => {
    const file = new Uint8Array(512);
    file[511] = 1;
    file.set(
      Array.from(bytes, (character) => character.charCodeAt(0)),
      start,
    );
    return file;
  };
  const cases: readonly (readonly [bytes: Uint8Array, says: string])[] = [
    [new Uint8Array(0), 'empty'],
    [text('<!DOCTYPE html><html>Google Drive: file too large to scan'), 'a web page'],
    [text('version https://git-lfs.github.com/spec/v1\noid sha256:0'), 'Git LFS pointer'],
    [Uint8Array.of(0x1f, 0x8b, 8, 0), 'gzip'],
    [pickled((p) => p.op('}')), 'torch.save did not write'],
    [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), '01 02 03 04'],
    [text('\ufeff\n<!DOCTYPE html>'), 'a web page'],
    [
      text('{"metadata": {"total_size": 1}, "weight_map": {"a": "model-00001-of-00002.bin"}}'),
      'the index of a checkpoint',
    ],
    [text('{"error": "Invalid username or password."}'), 'JSON'],
    [text('Access denied'), '"Access denied"'],
    [new Uint8Array(64), 'all of them zero'],
    [at(0, '\x89PNG\r\n'), 'a PNG image'],
    [at(0, '\xff\xd8\xff\xe0'), 'a JPEG image'],
    [at(128, 'DICM'), 'a DICOM file'],
    [at(344, 'n+1\0'), 'a NIfTI volume'],
    [at(0, '\x89HDF\r\n\x1a\n'), 'an HDF5 file (Keras'],
    [at(257, 'ustar\x0000'), 'a tar archive (torch before'],
    [at(0, '\x08\x08\x12\x07pytorch'), 'an ONNX model'],
    [at(0, '\x08\x0a\x3a\x07'), 'an ONNX model'],
    [at(0, '\x08\x01\x12\x04'), 'a TensorFlow SavedModel'],
    [at(4, 'TFL3'), 'a TensorFlow Lite model'],
    [at(0, '\x93NUMPY\x01\0'), 'a NumPy array'],
    [at(0, '\xfd7zXZ\x00'), 'compressed by xz'],
    [
      writeZip([
        ['a/data.pkl', empty],
        ['a/constants.pkl', empty],
        ['a/code/__torch__.py', empty],
      ]),
      'TorchScript',
    ],
    [
      writeZip([
        ['archive_format', empty],
        ['models/model.json', empty],
      ]),
      'torch.export',
    ],
    [
      writeZip([
        ['config.json', empty],
        ['model.weights.h5', empty],
      ]),
      'a Keras model',
    ],
    [writeZip([['a.npy', empty]]), 'NumPy arrays (.npz)'],
    [writeZip([['weights.pth', empty]]), 'without data.pkl'],
  ];
  for (const [bytes, says] of cases) {
    it(`is named: ${says}`, () => {
      const error = thrownBy(() => readCheckpoint(bytes, { file: 'weights.pth' }));
      expect(error.code).toBe('CHECKPOINT_UNKNOWN_FORMAT');
      expect(error.message).toContain(says);
      expect(error.where).toBe('weights.pth');
      expect(error.fix).toBeTruthy();
      // Given to the reader of safetensors alone it is told too, where it is told at all.
      expect(thrownBy(() => readSafetensors(bytes)).code).toMatch(/^CHECKPOINT_/);
    });
  }
});
