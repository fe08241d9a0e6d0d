/**
 * Files that mean harm: what stands twice, what asks for more than it holds, and floods. Time and memory are measured
 * by `npm run fuzz`; here is what each kind ends in.
 */
import { expectError } from '@infnet/testing';
import { gzipSync, zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { decodeImage, readClassMap, readNifti, readNpy, writeNpy } from '../src/index.js';
import { fixture } from './fixtures/nifti.js';
import { frame, jpegFile, scan } from './support/jpegs.js';
import { chunk, concat, header, pngFile, SIGNATURE } from './support/pictures.js';

const text = (value: string): Uint8Array => Uint8Array.from(value, (c) => c.charCodeAt(0));

describe('PNG', () => {
  const size = { width: 20, height: 20, depth: 8, type: 0 };
  const raw = Uint8Array.from({ length: 420 }, (_, i) => (i % 21 === 0 ? 0 : i & 255));
  const data = zlibSync(raw);
  const end = chunk('IEND', new Uint8Array(0));
  const picture = raw.filter((_, i) => i % 21 !== 0);

  it.each(['PLTE', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'pHYs', 'tIME', 'bKGD', 'hIST', 'sBIT', 'tRNS', 'eXIf'])(
    'a second %s is refused, wherever it stands',
    async (type) => {
      const twice = chunk(type, new Uint8Array(12));
      const between = chunk('tEXt', text('a\0b'));
      const file = concat(SIGNATURE, header(size), twice, between, twice, chunk('IDAT', data), end);
      expect((await expectError('DATA_CORRUPT', () => decodeImage(file))).message).toContain(`second chunk ${type}`);
      const once = concat(SIGNATURE, header(size), twice, between, between, chunk('IDAT', data), end);
      expect((await decodeImage(once)).data).toEqual(picture);
    },
  );

  it('data that are not one run, and what they need behind them', async () => {
    const halves = [chunk('IDAT', data.subarray(0, 30)), chunk('IDAT', data.subarray(30))] as const;
    expect((await decodeImage(concat(SIGNATURE, header(size), ...halves, end))).data).toEqual(picture);
    const apart = concat(SIGNATURE, header(size), halves[0], chunk('tEXt', text('a\0b')), halves[1], end);
    await expectError('DATA_CORRUPT', () => decodeImage(apart));
    const palette = chunk('PLTE', new Uint8Array(768));
    const late = concat(SIGNATURE, header({ ...size, type: 3 }), chunk('IDAT', data), palette, end);
    await expectError('DATA_CORRUPT', () => decodeImage(late));
  });

  it('data in thousands of chunks of a byte, and among empty blocks, are the same picture', async () => {
    const blocks = concat(
      data.subarray(0, 2),
      ...new Array(3000).fill(Uint8Array.of(0, 0, 0, 255, 255)),
      data.subarray(2),
    );
    const bytes = concat(...Array.from(blocks, (byte) => chunk('IDAT', Uint8Array.of(byte))));
    const file = concat(SIGNATURE, header(size), bytes, end);
    expect((await decodeImage(file)).data).toEqual(picture);
  });

  it('a picture that the data cannot hold, or do not hold, is refused before memory is taken', async () => {
    const large = { width: 8192, height: 4096, depth: 16, type: 6 };
    const cannot = pngFile({ ...large, raw: new Uint8Array(5000) });
    expect((await expectError('DATA_CORRUPT', () => decodeImage(cannot))).message).toContain('compressed bytes');
    // A thousand times as much as the file, and still not all of it.
    const missing = pngFile({ ...large, width: 2048, height: 2048, raw: new Uint8Array(2 ** 25) });
    expect((await expectError('DATA_CORRUPT', () => decodeImage(missing))).message).toContain('only 33554432 bytes');
  });
});

describe('small files of huge pictures', () => {
  const blank = (width: number, height: number, depth: number, type: number, channels: number): Uint8Array => {
    const raw = new Uint8Array(height * (1 + Math.ceil((width * depth * channels) / 8)));
    return pngFile({ width, height, depth, type, raw, palette: new Uint8Array(6) });
  };

  it('are refused beyond 64 MiB, in figures, unless the limit is raised', async () => {
    const file = blank(4097, 4096, 8, 6, 4);
    const { message } = await expectError('DATA_TOO_LARGE', () => decodeImage(file));
    expect(message).toContain(`${4097 * 4096 * 4} bytes`);
    expect(message).toContain(`${file.length}`);
    const image = await decodeImage(file, 'x', { maxExpansion: 2000 });
    expect(image.data.length).toBe(4097 * 4096 * 4);
  });

  it('a palette counts with its indices, a bit as a byte, and what is not held is said first', async () => {
    await expectError('DATA_TOO_LARGE', () => decodeImage(blank(4097, 4096, 1, 3, 1)));
    expect((await decodeImage(blank(2048, 2048, 1, 3, 1))).palette).toHaveLength(2);
    const short = pngFile({
      width: 4097,
      height: 4096,
      depth: 1,
      type: 3,
      raw: new Uint8Array(2 ** 21),
      palette: new Uint8Array(6),
    });
    await expectError('DATA_CORRUPT', () => decodeImage(short));
  });

  it('JPEG: beyond 16 million pixels there is half a bit for each', async () => {
    const large = jpegFile(frame(4104, 4096), scan(2 ** 17));
    await expectError('DATA_TOO_LARGE', () => decodeImage(large));
    const longer = concat(large.subarray(0, -2), new Uint8Array(2 ** 20 + 2 ** 18), Uint8Array.of(0xff, 0xd9));
    expect((await decodeImage(longer)).width).toBe(4104);
  });
});

describe('JPEG', () => {
  const progressive = (...scans: readonly Uint8Array[]): Uint8Array =>
    jpegFile(frame(64, 64, { progressive: true }), ...scans);
  const dc = scan(8, { last: 0 });

  it('is grey where all is well', async () => {
    const ac = scan(8, { first: 1 });
    for (const file of [jpegFile(frame(64, 64), scan(16)), progressive(dc, ac)]) {
      expect((await decodeImage(file)).data.every((value) => value === 128)).toBe(true);
    }
  });

  it('two frames, and two components of one number', async () => {
    await expectError('DATA_CORRUPT', () => decodeImage(jpegFile(frame(64, 64), frame(5000, 5000), scan(16))));
    await expectError('DATA_CORRUPT', () => decodeImage(jpegFile(frame(64, 64, { ids: [1, 1, 1] }), scan(16))));
  });

  it('scans that send the same twice, or out of turn', async () => {
    const ac = scan(8, { first: 1 });
    const refined = scan(8, { first: 1, bits: 0x21 });
    for (const file of [
      jpegFile(frame(64, 64), scan(16), scan(16)),
      progressive(dc, ...new Array<Uint8Array>(1500).fill(ac)),
      progressive(dc, ac, refined),
      progressive(dc, scan(8, { last: 5 })),
    ]) {
      await expectError('DATA_CORRUPT', () => decodeImage(file));
    }
  });

  it('more scans than such a picture needs', async () => {
    const each = Array.from({ length: 63 }, (_, n) => scan(8, { first: n + 1, last: n + 1 }));
    expect((await decodeImage(progressive(dc, ...each))).width).toBe(64);
    const large = jpegFile(frame(4096, 4096, { progressive: true }), scan(2 ** 15, { last: 0 }), ...each);
    expect((await expectError('DATA_TOO_LARGE', () => decodeImage(large))).message).toContain('scans');
  });

  it('scans that are too short for their blocks, and components that none sends', async () => {
    await expectError('DATA_TRUNCATED', () => decodeImage(jpegFile(frame(5792, 5792), scan(1000))));
    await expectError('DATA_TRUNCATED', () => decodeImage(progressive(scan(8, { first: 1 }))));
    const one = jpegFile(frame(64, 64, { ids: [1, 2, 3] }), scan(16), scan(16, { id: 2 }));
    await expectError('DATA_TRUNCATED', () => decodeImage(one));
  });
});

describe('gzip', () => {
  const { bytes, values } = fixture('int16-le.nii');
  const packed = gzipSync(bytes);
  /** The member with other flags, and the fields that they call for. */
  const withFields = (flags: number, fields: Uint8Array): Uint8Array => {
    const head = packed.slice(0, 10);
    head[3] = flags;
    return concat(head, fields, packed.subarray(10));
  };

  it.each([
    ['a name', 8, text('x.nii\0')],
    ['a comment', 16, text('made here\0')],
    ['an extra field', 4, Uint8Array.of(3, 0, 1, 2, 3)],
    ['a checksum of the header', 2, Uint8Array.of(0, 0)],
    ['all of them', 30, concat(Uint8Array.of(1, 0, 7), text('a\0b\0'), Uint8Array.of(0, 0))],
  ])('members with %s', (_, flags, fields) => {
    expect(Array.from(readNifti(withFields(flags, fields)).data)).toEqual(values);
  });

  it('thousands of empty members before, and between', () => {
    const empty = new Array<Uint8Array>(3000).fill(gzipSync(new Uint8Array(0)));
    const parts = [gzipSync(bytes.subarray(0, 100)), ...empty, gzipSync(bytes.subarray(100))];
    expect(Array.from(readNifti(concat(...empty, ...parts)).data)).toEqual(values);
  });

  it('fields that do not end, a method that there is not, and nothing but empty members', async () => {
    await expectError('DATA_TRUNCATED', () => readNifti(withFields(8, new Uint8Array(0)).subarray(0, 10)));
    const other = packed.slice();
    other[2] = 7;
    await expectError('DATA_CORRUPT', () => readNifti(other));
    await expectError('DATA_TRUNCATED', () => readNifti(concat(...new Array(50).fill(gzipSync(new Uint8Array(0))))));
  });
});

describe('npy', () => {
  /** A file with this header. */
  const file = (head: string, count = 6): Uint8Array => {
    const bytes = new Uint8Array(12 + head.length + 4 * count);
    bytes.set(writeNpy(new Float32Array(1), []).subarray(0, 6));
    bytes[6] = 2;
    new DataView(bytes.buffer).setUint32(8, head.length, true);
    bytes.set(text(head), 12);
    return bytes;
  };
  const fields = "'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)";

  it('takes the fields in any order, with either quotes', () => {
    for (const head of [
      `{${fields}, }\n`,
      `{${fields}}`,
      '{"shape": (2, 3), "fortran_order": False, "descr": "<f4"}  \n',
    ]) {
      expect(readNpy(file(head)).shape).toEqual([2, 3]);
    }
  });

  it.each([
    ['a key twice', `{${fields}, 'shape': (3, 2)}`],
    ['a key that there is not', `{${fields}, 'more': 'x'}`],
    ['no end', `{${fields}`],
    ['something behind it', `{${fields}} {'descr': '<f8'}`],
    ['megabytes of blanks', `{${fields}}${' '.repeat(2 ** 20)}`],
    ['a hundred axes', `{'descr': '<f4', 'fortran_order': False, 'shape': (${'1, '.repeat(100)})}`],
    ['two numbers for an extent', "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3,)}"],
  ])('%s', async (_, head) => {
    await expectError('DATA_NPY', () => readNpy(file(head)));
  });

  it('control characters do not get into messages', async () => {
    for (const head of ["{'descr': '\u001b]0;x\u0007'}", `{'descr': '\u001b[2J', ${fields.slice(16)}}`, '{\u001b']) {
      const { message } = await expectError('DATA_NPY', () => readNpy(file(head)));
      expect([...message].every((one) => one >= ' ' || one === '\n')).toBe(true);
    }
  });
});

describe('class maps', () => {
  it('of more colours than any has are told, not counted', () => {
    const data = Uint8Array.from({ length: 3 * 128 * 128 }, (_, i) => (Math.floor(i / 3) >> (4 * (i % 3))) & 255);
    const read = readClassMap({ width: 128, height: 128, channels: 3, data });
    expect(read).toEqual({ foreign: expect.stringContaining('more than 1024 different colours') });
  });
});
