import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { folderSource } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'infnet-source-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('lists files of all subfolders with slashes, and reads them', async () => {
  mkdirSync(join(folder, 'set', 'Imgs'), { recursive: true });
  writeFileSync(join(folder, 'set', 'Imgs', '1.png'), 'one');
  writeFileSync(join(folder, 'notes.txt'), 'text');
  const source = folderSource(folder);
  expect((await source.list()).sort()).toEqual(['notes.txt', 'set/Imgs/1.png']);
  expect(new TextDecoder().decode(await source.read('set/Imgs/1.png'))).toBe('one');
});

it('says which folder is not there, and which file', async () => {
  const gone = join(folder, 'gone');
  await expect(folderSource(gone).list()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', where: gone });
  await expect(folderSource(folder).read('none.png')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
});
