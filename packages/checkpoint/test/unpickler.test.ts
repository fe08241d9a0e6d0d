import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../src/bytes/reader.js';
import { PickleMeter } from '../src/pickle/limits.js';
import { unpickle } from '../src/pickle/unpickler.js';
import { type PyDict, PyInert, type PyList, PyTuple, type PyValue } from '../src/pickle/values.js';
import { readCheckpoint } from '../src/read-checkpoint.js';
import { type PickleWriter, pickled, zipFile } from './support/torch-file.js';

const run = (write: (p: PickleWriter) => void, meter?: PickleMeter): PyValue =>
  unpickle(new ByteReader(pickled(write), 'The pickle'), { meter });
const refusal = (write: (p: PickleWriter) => void): string => {
  const error = thrownBy(() => run(write));
  expect(error.code).toBe('CHECKPOINT_FORBIDDEN_GLOBAL');
  return error.details['global'] as string;
};

describe('the unpickler', () => {
  it('reads plain values', () => {
    const value = run((p) =>
      p.tuple(() => {
        p.op('N', 0x88, 0x89).int(7).int(-1).int(70000).float(0.25).text('ä');
        p.op(0x8a, 0).op(0x8a, 2, 0xff, 0x00).op(0x8a, 1, 0x80);
        p.op(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1);
        p.op('U', 1, 0xe4).op('C', 1, 5).op(0x8c, 1, 'x');
      }),
    ) as PyTuple;
    expect(value.items).toEqual([
      null,
      true,
      false,
      7,
      -1,
      70000,
      0.25,
      'ä',
      0,
      255,
      -128,
      2n ** 64n,
      'ä',
      Uint8Array.of(5),
      'x',
    ]);
  });

  it('reads collections, memo and stack moves', () => {
    const value = run((p) =>
      p.tuple(() => {
        p.op(']', 'q', 3, '(').int(1).int(2).op('e').int(3).op('a');
        p.op('h', 3);
        p.op('(').int(9).op('l');
        p.op('(').text('k').int(1).op('d');
        p.int(1).op('2', 0x86);
        p.int(5).op('0');
        p.op('(').int(5).op('1');
        p.op(0x8f, '(').int(1).op(0x90);
        p.op('(').int(4).op(0x91);
      }),
    ) as PyTuple;
    const [list, again, other, dict, pair] = value.items;
    expect((list as PyList).items).toEqual([1, 2, 3]);
    expect(again).toBe(list);
    expect((other as PyList).items).toEqual([9]);
    expect((dict as PyDict).get('k')).toBe(1);
    expect((pair as PyTuple).items).toEqual([1, 1]);
    expect(value.items).toHaveLength(7);
  });

  it('makes OrderedDict from pairs, as Python 2 pickled it, and drops attributes', () => {
    const dict = run((p) => {
      p.global('collections', 'OrderedDict').op('(', ']', '(', ']', '(').text('a').int(1).op('e', 'e', 't', 'R');
      p.dict([['_metadata', () => p.int(1)]]).op('b');
    });
    expect([...(dict as PyDict).entries()]).toEqual([['a', 1]]);
  });

  const inertName = (write: (p: PickleWriter) => void): string => {
    const value = run(write);
    expect(value).toBeInstanceOf(PyInert);
    return (value as PyInert).name;
  };

  it('refuses by name what starts programs or changes files, whichever opcode names it, and before any call', () => {
    expect(refusal((p) => p.global('os', 'system'))).toBe('os.system');
    expect(refusal((p) => p.global('nt', 'popen'))).toBe('nt.popen');
    expect(refusal((p) => p.global('shutil', 'rmtree'))).toBe('shutil.rmtree');
    expect(refusal((p) => p.text('builtins').text('eval').op(0x93))).toBe('builtins.eval');
    expect(refusal((p) => p.global('__builtin__', '__import__'))).toBe('__builtin__.__import__');
    expect(refusal((p) => p.op('(', 'i').raw(new TextEncoder().encode('subprocess\nPopen\n')))).toBe(
      'subprocess.Popen',
    );
    expect(refusal((p) => p.global('torch', 'load'))).toBe('torch.load');
    expect(refusal((p) => p.global('_pickle', 'loads'))).toBe('_pickle.loads');
    expect(refusal((p) => p.text('torch._utils').text('os.system').op(0x93))).toBe('torch._utils.os.system');
  });

  it('makes no function of any other name: it stays a name, however it is asked for', () => {
    expect(inertName((p) => p.text('').text('constructor').op(0x93))).toBe('.constructor');
    expect(inertName((p) => p.global('torch', '__proto__'))).toBe('torch.__proto__');
    expect(inertName((p) => p.global('collections.OrderedDict', '__init__'))).toBe('collections.OrderedDict.__init__');
    expect(inertName((p) => p.text('torch').text('FloatStorage.from_file').op(0x93))).toBe(
      'torch.FloatStorage.from_file',
    );
    // torch + _utils._rebuild_tensor_v2 would join to an allowed name; Python would walk attributes.
    expect(inertName((p) => p.text('torch').text('_utils._rebuild_tensor_v2').op(0x93))).toContain(
      '_rebuild_tensor_v2',
    );
    expect(inertName((p) => p.op(0x82, 7))).toContain('registry code 7');
  });

  it('notes what an inert object is given, and never calls it', () => {
    const value = run((p) => {
      p.global('a', 'B').op(')', 0x81); // NEWOBJ
      p.op('(').int(1).int(2).op('e').int(3).op('a'); // APPENDS, APPEND
      p.op('(').int(4).op(0x90); // ADDITEMS
      p.text('k').int(5).op('s'); // SETITEM
      p.op('(').text('l').int(6).op('u'); // SETITEMS
      p.op('}', 'b'); // BUILD
    }) as PyInert;
    expect(value.name).toBe('a.B');
    expect(value.given.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect([...(value.entries?.entries() ?? [])]).toEqual([
      ['k', 5],
      ['l', 6],
    ]);
    const again = run((p) => p.global('a', 'f').op(')', 'R').int(1).op(0x85, 'R')) as PyInert;
    expect(again).toMatchObject({ name: 'a.f', args: [1] });
    const named = run((p) =>
      p
        .global('a', 'B')
        .op(')')
        .dict([['x', () => p.int(1)]])
        .op(0x92),
    ) as PyInert;
    expect(named.name).toBe('a.B');
  });

  it('reads the texts of protocols 0 and 1', () => {
    const lines = (text: string): ((p: PickleWriter) => void) => {
      return (p) => p.tuple(() => p.raw(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    };
    const read = (text: string): readonly PyValue[] => (run(lines(text)) as PyTuple).items;
    expect(read('I00\nI01\nI-7\nL12L\nL1267650600228229401496703205376L\n')).toEqual([false, true, -7, 12, 2n ** 100n]);
    expect(read('F0.5\nF1e-05\nF-inf\n')).toEqual([0.5, 1e-5, Number.NEGATIVE_INFINITY]);
    expect(read('Fnan\n')[0]).toBeNaN();
    expect(read("S'a\\x41\\n\\'b\\101'\n")).toEqual(["aA\n'bA"]);
    expect(read('V\xe4\\u20ac\\U0001f600\\u005cu\n')).toEqual(['ä€😀\\u']);
    expect(read('I5\np7\n0g7\n')).toEqual([5]);
    for (const bad of ['Ix\n', 'F1_0\n', "S'a\n", 'gx\n', `L${'9'.repeat(700)}L\n`]) {
      expect(thrownBy(() => read(bad)).code, bad.slice(0, 9)).toMatch(/^CHECKPOINT_(CORRUPT|LIMIT)$/);
    }
  });

  const damaged: readonly (readonly [what: string, write: (p: PickleWriter) => void])[] = [
    ['an empty stack', () => {}],
    ['a mark in the way', (p) => p.int(1).op('(', 0x85)],
    ['a structure never opened', (p) => p.op('t')],
    ['a memo entry never stored', (p) => p.op('h', 1)],
    ['a call of data', (p) => p.int(1).op(')', 'R')],
    ['a call of a dtype', (p) => p.global('torch', 'float32').op(')', 'R')],
    ['a call without a tuple', (p) => p.global('collections', 'OrderedDict').int(1).op('R')],
    ['items of a list', (p) => p.op(']').int(1).int(2).op('s')],
    ['a key without a value', (p) => p.op('}', '(').int(1).op('u')],
    ['an append to a dictionary', (p) => p.op('}').int(1).op('a')],
    ['attributes of a list', (p) => p.op(']', '}', 'b')],
    ['a storage outside torch files', (p) => p.op(')', 'Q')],
    ['an unknown opcode', (p) => p.op(0xff)],
    ['text that is not UTF-8', (p) => p.op('X', 1, 0, 0, 0, 0xff)],
    ['a tensor of nothing', (p) => p.global('torch._utils', '_rebuild_tensor_v2').op(')', 'R')],
    ['a parameter of nothing', (p) => p.global('torch._utils', '_rebuild_parameter').op(')', 'R')],
    ['a size of nothing', (p) => p.global('torch', 'Size').op(')', 'R')],
    ['a device of nothing', (p) => p.global('torch', 'device').op(')', 'R')],
    ['a dictionary of numbers', (p) => p.global('collections', 'OrderedDict').op(']').int(1).op('a', 0x85, 'R')],
  ];
  for (const [what, write] of damaged) {
    it(`reports a damaged pickle: ${what}`, () => {
      expect(thrownBy(() => run(write)).code).toBe('CHECKPOINT_CORRUPT');
    });
  }

  it('reports references that are not storages', () => {
    const id = (write: (p: PickleWriter) => void): string =>
      thrownBy(() => readCheckpoint(zipFile(pickled((p) => p.tuple(() => write(p)).op('Q'))))).code;
    expect(id((p) => p.text('module'))).toBe('CHECKPOINT_UNSUPPORTED');
    expect(id((p) => p.text('storage').int(1))).toBe('CHECKPOINT_CORRUPT');
    expect(id((p) => p.text('storage').global('torch', 'FloatStorage').int(1))).toBe('CHECKPOINT_CORRUPT');
    expect(id((p) => p.text('storage').global('torch', 'FloatStorage').text('0').op('N').int(-1))).toBe(
      'CHECKPOINT_CORRUPT',
    );
  });

  it('refuses protocols it does not know', () => {
    expect(thrownBy(() => run((p) => p.proto(6))).code).toBe('CHECKPOINT_UNSUPPORTED');
  });

  it('is bounded: opcodes, objects, memo, nesting, integers', () => {
    const limit = (write: (p: PickleWriter) => void): string => {
      const meter = new PickleMeter({ opcodes: 500, objects: 50, memo: 20, depth: 10 });
      const error = thrownBy(() => run(write, meter));
      expect(error.code).toBe('CHECKPOINT_LIMIT');
      return error.message;
    };
    expect(limit((p) => p.op(...Array(600).fill('N')))).toContain('500 opcodes');
    expect(limit((p) => p.op(...Array(60).fill('}')))).toContain('50 objects');
    expect(limit((p) => p.op('N', ...Array(30).fill(0x94)))).toContain('20 memo');
    expect(limit((p) => p.op('N', ...Array.from({ length: 30 }, (_, i) => ['q', i]).flat()))).toContain('20 memo');
    expect(limit((p) => p.op(...Array(20).fill('(')))).toContain('10 nested');
    expect(thrownBy(() => run((p) => p.op(0x8b, 0, 2, 0, 0).raw(new Uint8Array(512)))).code).toBe('CHECKPOINT_LIMIT');
  });

  it('takes as many nested tuples as there are opcodes without recursion', () => {
    let value = run((p) => p.op(')').raw(new Uint8Array(200_000).fill(0x85)));
    let depth = 0;
    while (value instanceof PyTuple && value.items.length === 1) {
      value = value.items[0] as PyValue;
      depth++;
    }
    expect(depth).toBe(200_000);
  });
});
