/**
 * Hostile input: whatever the bytes, there is a checkpoint or an InfnetError, soon, and with bounded memory.
 *
 * Random bytes hardly get past the first check, so most of the work is done on damaged real files: cut at every place,
 * every byte flipped, several bytes replaced, and pickles made of random valid opcodes inside an intact archive.
 */
import { InfnetError } from '@infnet/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCheckpoint, readSafetensors, writeSafetensors } from '../src/index.js';
import { OP } from '../src/pickle/opcodes.js';
import {
  floats,
  PickleWriter,
  pickled,
  streamFile,
  vector,
  vectorsFile,
  writeTensor,
  zipFile,
} from './support/torch-file.js';

/** Checks that reading gives a result or an InfnetError; returns the code or `ok`. */
function outcome(bytes: Uint8Array, verify = true): string {
  try {
    const { tensors } = readCheckpoint(bytes, { verify });
    let total = 0;
    for (const { data, shape } of tensors.values()) {
      expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      total += data.byteLength;
    }
    // Views may repeat the file once per tensor; what was allocated is bounded by the budget.
    expect(total).toBeLessThanOrEqual((4 + tensors.size) * bytes.length + 2 ** 20);
    return 'ok';
  } catch (error) {
    if (!(error instanceof InfnetError)) throw error;
    expect(error.code).toMatch(/^CHECKPOINT_/);
    expect(error.message.length).toBeLessThan(2000);
    expect(error.fix).toBeTruthy();
    return error.code;
  }
}

const strided = { ...vector('1', 6), shape: [3, 2], strides: [1, 3] };
const half = { ...vector('2', 4), storage: 'HalfStorage' };
const statedict = pickled((p) => {
  p.global('collections', 'OrderedDict').op(')', 'R', '(');
  p.text('a');
  writeTensor(p, vector('0', 3));
  p.text('b');
  writeTensor(p, strided);
  p.text('c');
  writeTensor(p, half);
  p.text('epoch')
    .int(70000)
    .text('rate')
    .float(0.5)
    .op('u')
    .dict([['_metadata', () => p.op(']')]])
    .op('b');
});
const storages = { 0: floats(1, 2, 3), 1: floats(1, 2, 3, 4, 5, 6), 2: floats(1, 2) };

const FILES: Readonly<Record<string, Uint8Array>> = {
  zip: zipFile(statedict, storages),
  zip64: zipFile(statedict, storages, { zip64: true, align: 1 }),
  deflated: zipFile(statedict, storages, { deflate: true }),
  stream: streamFile(statedict, [
    ['0', 3, storages[0]],
    ['1', 6, storages[1]],
    ['2', 4, storages[2]],
  ]),
  safetensors: writeSafetensors(
    [
      { name: 'a', shape: [3], data: Float32Array.of(1, 2, 3) },
      { name: 'b', shape: [2, 2], data: Uint8Array.of(1, 2, 3, 4) },
    ],
    { made: 'here' },
  ),
};

describe('hostile input', () => {
  for (const [name, good] of Object.entries(FILES)) {
    it(`${name}: intact it is read, cut anywhere it is refused`, () => {
      expect(outcome(good)).toBe('ok');
      for (let length = 0; length < good.length; length++) {
        expect(outcome(good.slice(0, length)), `cut to ${length}`).not.toBe('ok');
      }
    });

    it(`${name}: every byte flipped, in several ways`, () => {
      for (const mask of [0xff, 0x80, 0x01]) {
        for (let at = 0; at < good.length; at++) {
          const bytes = good.slice();
          bytes[at]! ^= mask;
          outcome(bytes, mask === 0xff);
        }
      }
    });

    it(`${name}: several bytes replaced`, () => {
      const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }));
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
          const bytes = good.slice();
          for (const [at, value] of changes) bytes[at] = value;
          outcome(bytes, false);
        }),
        { numRuns: 1500 },
      );
    });
  }

  it('random bytes, with and without the start of a format', () => {
    const starts = [[], [0x50, 0x4b, 3, 4], [...FILES['stream']!.subarray(0, 15)], [40, 0, 0, 0, 0, 0, 0, 0, 0x7b]];
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        outcome(Uint8Array.from([...start, ...rest]));
      }),
      { numRuns: 2000 },
    );
  });

  it('random valid opcodes inside an intact archive', () => {
    const opcode = fc.constantFrom(...Object.values(OP));
    const piece = fc.oneof(
      { weight: 6, arbitrary: opcode.map((byte) => (p: PickleWriter) => p.op(byte)) },
      { weight: 2, arbitrary: fc.nat(3).map((index) => (p: PickleWriter) => p.op('q', index)) },
      { weight: 2, arbitrary: fc.nat(3).map((index) => (p: PickleWriter) => p.op('h', index)) },
      { weight: 2, arbitrary: fc.integer().map((value) => (p: PickleWriter) => p.int(value)) },
      { weight: 1, arbitrary: fc.string({ maxLength: 6 }).map((text) => (p: PickleWriter) => p.text(text)) },
      {
        weight: 1,
        arbitrary: fc.constant((p: PickleWriter) => writeTensor(p, vector('0', 3))),
      },
      {
        weight: 2,
        arbitrary: fc
          .constantFrom('OrderedDict', 'Counter', 'defaultdict', 'namedtuple')
          .map((name) => (p: PickleWriter) => p.global('collections', name)),
      },
      {
        weight: 2,
        arbitrary: fc
          .constantFrom('_rebuild_tensor_v2', '_rebuild_tensor_v3', '_rebuild_parameter', '_rebuild_qtensor')
          .map((name) => (p: PickleWriter) => p.global('torch._utils', name)),
      },
    );
    const codes = new Set<string>();
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const pickle = new PickleWriter().proto();
        for (const write of pieces) write(pickle);
        codes.add(outcome(zipFile(pickle.stop(), storages)));
      }),
      { numRuns: 5000 },
    );
    expect(codes).toContain('CHECKPOINT_CORRUPT');
    expect(codes).toContain('CHECKPOINT_FORBIDDEN_GLOBAL');
  });

  it('random geometry: numbers of any size as offset, shape and strides', () => {
    const size = fc.oneof(fc.nat(8), fc.constantFrom(-1, 0, 2 ** 31 - 1, 2 ** 40, Number.MAX_SAFE_INTEGER));
    const sizes = fc.array(size, { maxLength: 4 });
    fc.assert(
      fc.property(
        size,
        sizes,
        sizes,
        fc.constantFrom('FloatStorage', 'HalfStorage', 'ByteStorage'),
        (offset, shape, strides, storage) => {
          const count = 12 / { FloatStorage: 4, HalfStorage: 2, ByteStorage: 1 }[storage]!;
          const pickle = pickled((p) =>
            p.dict([['t', () => writeTensor(p, { storage, key: '0', count, shape, strides, offset })]]),
          );
          outcome(zipFile(pickle, storages));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('random JSON as a safetensors header', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.uint8Array({ maxLength: 16 }), (json, data) => {
        const header = new TextEncoder().encode(json);
        const bytes = new Uint8Array(8 + header.length + data.length);
        new DataView(bytes.buffer).setUint32(0, header.length, true);
        bytes.set(header, 8);
        bytes.set(data, 8 + header.length);
        try {
          readSafetensors(bytes);
        } catch (error) {
          if (!(error instanceof InfnetError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('dictionaries that share one another a billionfold end soon', () => {
    const pickle = pickled((p) => {
      p.op('}', 'q', 0);
      // Each level holds the one below forty times: 40^60 paths, 60 dictionaries.
      for (let level = 1; level <= 60; level++) {
        p.op('}', 'q', level, '(');
        for (let i = 0; i < 40; i++) p.text(`k${i}`).op('h', level - 1);
        p.op('u');
      }
    });
    expect(outcome(zipFile(pickle))).toBe('CHECKPOINT_NO_STATE_DICT');
  });

  it('ten thousand objects that share one list of ten thousand values are each looked into once', () => {
    const pickle = pickled((p) => {
      p.op('}', '(').text('w');
      writeTensor(p, vector('0', 3));
      p.text('list').op(']', 'q', 1, '(');
      // Distinct objects, so that each would be a step of the way.
      for (let i = 0; i < 10_000; i++) p.op('}');
      p.op('e').text('type').global('own', 'Thing').op('q', 2);
      for (let i = 0; i < 10_000; i++) p.text(`k${i}`).op('h', 2, 'h', 1, 0x85, 'R');
      p.op('u');
    });
    expect(outcome(zipFile(pickle, storages))).toBe('ok');
  });

  it('a hundred transposed views of one large storage stay within the budget', () => {
    const side = 512;
    const count = side * side;
    const pickle = pickled((p) =>
      p.dict(
        Array.from({ length: 100 }, (_, i) => {
          return [
            `t${i}`,
            () => writeTensor(p, { ...vector('0', count), shape: [side, side], strides: [1, side] }),
          ] as const;
        }),
      ),
    );
    expect(outcome(zipFile(pickle, { 0: new Uint8Array(4 * count) }))).toBe('CHECKPOINT_LIMIT');
    expect(outcome(vectorsFile(Array.from({ length: 100 }, (_, i) => `t${i}`)))).toBe('ok');
  });
});
