import { describe, expect, it } from 'vitest';
import { readTar } from '../src/tar.js';

interface Entry {
  readonly name: string;
  readonly text: string;
  readonly type?: string;
}

function tarOf(entries: readonly Entry[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const { name, text, type = '0' } of entries) {
    const body = new TextEncoder().encode(text);
    const header = new Uint8Array(512);
    const put = (at: number, value: string) => header.set(new TextEncoder().encode(value), at);
    put(0, name);
    put(124, body.length.toString(8).padStart(11, '0'));
    put(148, ' '.repeat(8));
    put(156, type);
    put(257, 'ustar');
    put(
      148,
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
    );
    const padded = new Uint8Array(Math.ceil(body.length / 512) * 512);
    padded.set(body);
    blocks.push(header, padded);
  }
  blocks.push(new Uint8Array(1024));
  return new Uint8Array(Buffer.concat(blocks));
}

describe('readTar', () => {
  it('reads files in order, skips folders, keeps sizes that are not a multiple of a block', async () => {
    const tar = tarOf([
      { name: 'a.txt', text: 'first' },
      { name: 'folder', text: '', type: '5' },
      { name: 'b.txt', text: 'x'.repeat(512) },
      { name: 'c.txt', text: '' },
      { name: 'd.txt', text: 'y'.repeat(513) },
    ]);
    const files = (await readTar(tar)).map((file) => [file.name, new TextDecoder().decode(file.bytes)]);
    expect(files).toEqual([
      ['a.txt', 'first'],
      ['b.txt', 'x'.repeat(512)],
      ['c.txt', ''],
      ['d.txt', 'y'.repeat(513)],
    ]);
  });

  it('refuses an archive that is cut off within an entry', async () => {
    const tar = tarOf([{ name: 'a.txt', text: 'z'.repeat(700) }]);
    for (const length of [100, 512, 1000]) {
      await expect(readTar(tar.subarray(0, length)), `${length}`).rejects.toThrow(/Unexpected end of data/);
    }
    await expect(readTar(tar.subarray(0, 2048))).resolves.toHaveLength(1);
  });

  it('refuses a damaged header, and takes no link for a file', async () => {
    const damaged = tarOf([{ name: 'a.txt', text: 'hello' }]);
    damaged[3] = 0x41;
    await expect(readTar(damaged)).rejects.toThrow(/Invalid tar header/);
    expect(await readTar(tarOf([{ name: 'link', text: '', type: '2' }]))).toEqual([]);
  });
});
