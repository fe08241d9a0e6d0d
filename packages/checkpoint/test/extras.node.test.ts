/** Everything that people keep beside their weights: it is left aside, never made, and the weights are read. */

import { readdirSync, readFileSync } from 'node:fs';
import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../src/index.js';
import { floats, type PickleWriter, pickled, streamFile, vector, writeTensor, zipFile } from './support/torch-file.js';

const folder = new URL('./fixtures/extras/', import.meta.url);
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));
const files = readdirSync(folder).filter((name) => name.endsWith('.pth'));

describe('extras beside a state dict', () => {
  it('are there in both formats and six protocols', () => {
    expect(files.filter((name) => /^p[0-5]_(zip|legacy)\.pth$/.test(name))).toHaveLength(12);
  });

  it.each(files)('%s: the tensors are read, the extras named under skipped', (name) => {
    const { tensors, skipped, metadata, path, format } = readCheckpoint(bytesOf(name));
    expect(format).toBe(name.includes('legacy') ? 'pth-legacy' : 'pth-zip');
    expect(tensors.get('w')).toMatchObject({ shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) });
    expect(path).toEqual(['state_dict']);
    expect(metadata.get('epoch')).toBe(7);
    if (!/^p\d/.test(name)) {
      expect(skipped).toEqual(['extra']);
      return;
    }
    expect(tensors.get('t')).toMatchObject({ shape: [3, 2], data: Float32Array.of(0, 3, 1, 4, 2, 5) });
    expect(metadata.get('name')).toBe('ä€😀\\u');
    const known = 'scalar args set history date partial enum dataclass named settings optimizer sparse complex_tensor';
    expect(skipped).toEqual(expect.arrayContaining(known.split(' ')));
    expect(skipped).toHaveLength(28);
  });
});

describe('a tensor that depends on something inert', () => {
  /** A state dict of `w` and of what is written, in both formats. */
  const both = (write: (p: PickleWriter) => void): Uint8Array[] => {
    const pickle = pickled((p) =>
      p.dict([
        ['w', () => writeTensor(p, vector('0', 2))],
        ['x', () => write(p)],
      ]),
    );
    return [zipFile(pickle, { 0: floats(1, 2) }), streamFile(pickle, [['0', 2, floats(1, 2)]])];
  };
  const storage = (p: PickleWriter, module: string, name: string): void => {
    p.tuple(() => p.text('storage').global(module, name).text('0').text('cpu').int(2)).op('Q');
  };
  const rebuild = (p: PickleWriter, first: () => void, shape: () => void): void => {
    p.global('torch._utils', '_rebuild_tensor_v2').tuple(() => {
      first();
      p.int(0);
      shape();
      p.ints([1]).op(0x89).op('}');
    });
    p.op('R');
  };
  const refused: readonly (readonly [what: string, name: string, write: (p: PickleWriter) => void])[] = [
    [
      'made by a function that is not on the list',
      'own.rebuild',
      (p) =>
        p
          .global('own', 'rebuild')
          .tuple(() => writeTensor(p, vector('0', 2)))
          .op('R'),
    ],
    [
      'of a class of its own',
      'own.Tensor',
      (p) => {
        p.global('torch._tensor', '_rebuild_from_type_v2').tuple(() => {
          p.global('torch._utils', '_rebuild_tensor_v2').global('own', 'Tensor');
          p.tuple(() => storage(p, 'torch', 'FloatStorage')).op('}');
        });
        p.op('R');
      },
    ],
    [
      'whose shape is an object',
      'own.number',
      (p) =>
        rebuild(
          p,
          () => storage(p, 'torch', 'FloatStorage'),
          () => p.tuple(() => p.global('own', 'number').op(')', 'R')),
        ),
    ],
    [
      'whose storage is an object',
      'own.Storage',
      (p) =>
        rebuild(
          p,
          () => p.global('own', 'Storage').op(')', 0x81),
          () => p.ints([2]),
        ),
    ],
    [
      'that is a parameter of one',
      'own.rebuild',
      (p) => {
        p.global('torch._utils', '_rebuild_parameter').tuple(() => {
          p.global('own', 'rebuild')
            .tuple(() => storage(p, 'torch', 'FloatStorage'))
            .op('R', 0x88)
            .op('}');
        });
        p.op('R');
      },
    ],
  ];
  it.each(refused)('%s is refused with the name of it', (_, name, write) => {
    for (const bytes of both(write)) {
      const error = thrownBy(() => readCheckpoint(bytes));
      expect(error.code).toBe('CHECKPOINT_FORBIDDEN_GLOBAL');
      expect(error.details['global']).toBe(name);
      expect(error.message).toContain('The entry "x" depends on');
    }
  });

  it('is told from an element type that is not read', () => {
    const write = (p: PickleWriter): void =>
      rebuild(
        p,
        () => storage(p, 'torch', 'QInt8Storage'),
        () => p.ints([2]),
      );
    const [zip] = both(write) as [Uint8Array];
    const error = thrownBy(() => readCheckpoint(zip));
    expect(error.code).toBe('CHECKPOINT_UNSUPPORTED');
    expect(error.message).toContain('"torch.QInt8Storage"');
  });

  it('is no matter where it is not in the state dict', () => {
    for (const [, , write] of refused) {
      const pickle = pickled((p) =>
        p.dict([
          ['state_dict', () => p.dict([['w', () => writeTensor(p, vector('0', 2))]])],
          ['extra', () => write(p)],
        ]),
      );
      const { tensors, skipped } = readCheckpoint(zipFile(pickle, { 0: floats(1, 2) }));
      expect(tensors.get('w')?.data).toEqual(Float32Array.of(1, 2));
      expect(skipped).toEqual(['extra']);
    }
  });

  it('reads a tensor with attributes, whose class is torch’s own', () => {
    const write = (p: PickleWriter): void => {
      p.global('torch._tensor', '_rebuild_from_type_v2').tuple(() => {
        p.global('torch._utils', '_rebuild_tensor_v2').global('torch.nn.parameter', 'Parameter');
        p.tuple(() => {
          storage(p, 'torch', 'FloatStorage');
          p.int(0).ints([2]).ints([1]).op(0x89, '}');
        });
        p.dict([['note', () => p.text('mine')]]);
      });
      p.op('R');
    };
    for (const bytes of both(write)) {
      expect(readCheckpoint(bytes).tensors.get('x')?.data).toEqual(Float32Array.of(1, 2));
    }
  });
});

describe('a file without a state dict', () => {
  it.each([
    ['a model beside other things', (p: PickleWriter, model: () => void) => p.dict([['model', model]])],
    ['a model alone', (_: PickleWriter, model: () => void) => model()],
  ])('%s: its class is named', (_, wrap) => {
    const bytes = zipFile(
      pickled((p) =>
        wrap(p, () => {
          p.global('ultralytics.nn.tasks', 'SegmentationModel').op(')', 0x81);
          p.dict([['_modules', () => p.dict([['w', () => writeTensor(p, vector('0', 1))]])]]).op('b');
        }),
      ),
      { 0: floats(1) },
    );
    const error = thrownBy(() => readCheckpoint(bytes));
    expect(error.code).toBe('CHECKPOINT_FORBIDDEN_GLOBAL');
    expect(error.details['global']).toBe('ultralytics.nn.tasks.SegmentationModel');
    expect(error.fix).toContain('state_dict()');
  });

  it('lets no name of a global speak to the terminal', () => {
    const bytes = zipFile(pickled((p) => p.dict([['model', () => p.global('a\u001b[2J', 'B')]])));
    expect(thrownBy(() => readCheckpoint(bytes)).message).not.toContain('\u001b');
  });
});

describe('a state dict in a subclass of dict', () => {
  it('is found: what it was filled with is data', () => {
    const bytes = zipFile(
      pickled((p) => {
        p.global('own', 'OrderedState').op(')', 0x81, '(').text('w');
        writeTensor(p, vector('0', 2));
        p.op('u');
      }),
      { 0: floats(1, 2) },
    );
    expect(readCheckpoint(bytes).tensors.get('w')?.data).toEqual(Float32Array.of(1, 2));
  });
});
