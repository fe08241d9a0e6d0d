/** Streams of fflate's encoder at every level, made-up blocks, and whatever bytes. */
import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { crc32, type Inflated, Inflater } from '../src/index.js';

/** `count` bytes that look random, with runs and repeats. */
function data(count: number, seed: number): Uint8Array {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  const out = new Uint8Array(count);
  for (let at = 0; at < count; ) {
    const length = 1 + (random() % 3 === 0 ? random() * 4 : random() % 8);
    const back = 1 + random() * 150;
    const kind = random() % 4;
    const byte = random();
    for (let n = 0; n < length && at < count; n++, at++) {
      out[at] = kind === 0 ? byte : kind === 1 && back <= at ? (out[at - back] as number) : random();
    }
  }
  return out;
}

function inflate(bytes: Uint8Array, start = 0): Inflated & { readonly out: Uint8Array } {
  const pieces: Uint8Array[] = [];
  const result = new Inflater().run(bytes, start, (piece) => {
    pieces.push(piece.slice());
    return piece.length <= 3 << 15;
  });
  const out = new Uint8Array(result.total);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return { ...result, out };
}

const bits = (text: string): Uint8Array => {
  const clean = text.replaceAll(' ', '');
  const out = new Uint8Array(Math.ceil(clean.length / 8));
  for (let i = 0; i < clean.length; i++) if (clean[i] === '1') out[i >> 3] = (out[i >> 3] as number) | (1 << (i & 7));
  return out;
};

describe('streams', () => {
  it.each([0, 1, 6, 9] as const)('level %i, of any length, within other bytes', (level) => {
    for (const [seed, count] of [0, 1, 2, 257, 258, 259, 32_767, 32_769, 65_537, 150_000].entries()) {
      const plain = data(count, seed + 1);
      const packed = deflateSync(plain, { level });
      const file = new Uint8Array(packed.length + 8);
      file.fill(0xff);
      file.set(packed, 3);
      const { out, ...rest } = inflate(file, 3);
      expect(rest).toEqual({ status: 'complete', end: packed.length + 3, total: count, reason: '' });
      expect(out.every((byte, i) => byte === plain[i])).toBe(true);
    }
  });

  it('one inflater serves many streams, and nothing of one is seen by the next', () => {
    const inflater = new Inflater();
    inflater.run(deflateSync(new Uint8Array(1000).fill(7)), 0, () => true);
    // Fixed codes: a match of length 3 and distance 1 with nothing before it.
    const { status, total } = inflater.run(bits('1 10 0000001 00000 0000000'), 0, () => true);
    expect([status, total]).toEqual(['damaged', 0]);
  });

  it('repeats of any short period, over many matches and the edge of the window', () => {
    for (const period of [1, 2, 3, 5, 33, 64, 100, 257, 258, 259, 300]) {
      const plain = Uint8Array.from(
        { length: 120_000 },
        (_, i) => (Math.imul((i % period) + 1, 0x9e3779b1) >>> 24) & 255,
      );
      // A run that ends, and another one of the same period with other bytes.
      for (let i = 50_000; i < 50_010; i++) plain[i] = i & 255;
      for (let i = 50_010; i < plain.length; i++) plain[i] = (plain[i] as number) ^ 85;
      for (const level of [1, 9] as const) {
        const { out } = inflate(deflateSync(plain, { level }));
        expect(out.length === plain.length && out.every((byte, i) => byte === plain[i])).toBe(true);
      }
    }
  });

  it('counts what it would give, and how it would end, without giving it', () => {
    const inflater = new Inflater();
    for (const level of [0, 1, 9] as const) {
      const packed = deflateSync(data(150_000, 3), { level });
      for (const file of [packed, packed.subarray(0, 900), packed.map((byte, i) => (i === 700 ? byte ^ 255 : byte))]) {
        const counted = inflater.count(file, 0, Number.POSITIVE_INFINITY);
        expect(counted).toEqual(inflater.run(file, 0, () => true));
      }
      for (const most of [0, 1, 1000, 149_999, 150_000]) {
        const { status, total } = inflater.count(packed, 0, most);
        expect(status).toBe('stopped');
        expect(total).toBeGreaterThanOrEqual(most);
      }
      expect(inflater.count(packed, 0, 150_001)).toMatchObject({ status: 'complete', total: 150_000 });
    }
  });

  it('stops where it is told, and decodes no more', () => {
    const packed = deflateSync(new Uint8Array(2 ** 22));
    let pieces = 0;
    const { status, total } = new Inflater().run(packed, 0, () => ++pieces < 3);
    expect([status, pieces]).toEqual(['stopped', 3]);
    expect(total).toBeLessThan(2 ** 18);
  });

  it('cut at any place it says so', () => {
    for (const level of [0, 1, 9] as const) {
      const packed = deflateSync(data(900, 5), { level });
      for (let length = 0; length < packed.length; length++) {
        expect(inflate(packed.subarray(0, length)).status, `${length}`).toBe('cut');
      }
    }
  });
});

describe('what is no stream', () => {
  it.each([
    ['a kind of block that there is not', '1 11 00000', 'kind'],
    ['a stored block whose check is wrong', '1 00 00000 1000000000000000 0000000000000000', 'check'],
    ['more codes than there are', '1 01 11111 00000 0000 000 000 000 000', 'more codes'],
    ['lengths that are no code', '1 01 00000 00000 0000 100 100 100 000', 'no code'],
    ['a repeat of nothing', '1 01 00000 00000 0000 100 100 000 000 0 00 0000', 'repeats none'],
    ['a length beyond all', '1 10 11000110 0000000 00000', 'length'],
    ['a distance beyond all', '1 10 00110000 0000001 11110 00000 0000', 'a distance'],
  ])('%s', (_, text, reason) => {
    const padded = new Uint8Array(40);
    padded.set(bits(text));
    const { status, reason: said } = inflate(padded);
    expect([status, said]).toEqual(['damaged', expect.stringContaining(reason)]);
  });

  it('whatever bytes: it ends, and never throws', () => {
    for (let seed = 1; seed < 3000; seed++) {
      const bytes = data(200, seed);
      // The kinds of block in turn.
      bytes[0] = ((bytes[0] as number) & 0xf8) | ((seed % 3) << 1);
      inflate(bytes);
    }
  });

  it('streams with bits changed give what they give, or say why not', () => {
    const packed = deflateSync(data(2000, 9), { level: 9 });
    const seen = new Set<string>();
    for (let bit = 0; bit < 8 * packed.length; bit += 3) {
      const changed = packed.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      seen.add(inflate(changed).status);
    }
    expect([...seen].sort()).toEqual(['complete', 'cut', 'damaged']);
  });
});

describe('crc32', () => {
  it('is that of gzip, whole and in pieces', () => {
    const bytes = new TextEncoder().encode('123456789');
    expect(crc32(bytes)).toBe(0xcbf43926);
    expect(crc32(bytes.subarray(2), crc32(bytes.subarray(0, 2)))).toBe(0xcbf43926);
    const long = data(1000, 3);
    expect(crc32(long.subarray(123), crc32(long.subarray(0, 123)))).toBe(crc32(long));
  });

  it('over blocks of zeros, wherever they lie, is that of single bytes', () => {
    const bytes = new Uint8Array(29_557);
    bytes.set(data(4096, 5), 4096);
    bytes.set(data(77, 6), 20_480);
    for (const start of [0, 1, 2, 4, 4095, 4096, 8192, 8196]) {
      const part = bytes.subarray(start);
      let singly = 7;
      for (const byte of part) singly = crc32(Uint8Array.of(byte), singly);
      expect(crc32(part, 7), `from ${start}`).toBe(singly);
    }
    // One bit in a block of zeros is seen.
    for (const at of [0, 3, 4000, 4095]) {
      const block = new Uint8Array(4096);
      const clear = crc32(block);
      block[at] = 128;
      expect(crc32(block)).not.toBe(clear);
    }
  });
});
