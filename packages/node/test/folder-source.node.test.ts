import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

it('follows links to folders and files; one that leads nowhere or in a circle is named when it is read', async () => {
  const set = join(folder, 'linked');
  const store = join(folder, 'store');
  mkdirSync(join(store, 'GT'), { recursive: true });
  mkdirSync(set);
  writeFileSync(join(store, 'GT', '1.png'), 'one');
  symlinkSync('../store/GT', join(set, 'GT'));
  symlinkSync(join(store, 'GT', '1.png'), join(set, '2.png'));
  symlinkSync('../gone/3.png', join(set, '3.png'));
  symlinkSync('4.png', join(set, '4.png'));
  symlinkSync('..', join(set, 'up'));
  symlinkSync(set, join(store, 'GT', 'back'));
  const source = folderSource(set);
  expect((await source.list()).sort()).toEqual(['2.png', '3.png', '4.png', 'GT/1.png', 'GT/back', 'up']);
  for (const path of ['GT/1.png', '2.png']) expect(new TextDecoder().decode(await source.read(path))).toBe('one');
  const refused = (path: string, code: string, text: string) =>
    expect(source.read(path)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  await refused('3.png', 'FILE_NOT_FOUND', 'it is a link to ../gone/3.png, which does not exist');
  await refused('4.png', 'FILE_NOT_FOUND', 'its links lead in a circle');
  await refused('up', 'FILE_IS_FOLDER', 'it is a folder');
});

it('stops where links among folders lead to ever more of them', async () => {
  const many = join(folder, 'many');
  for (let i = 0; i < 20; i++) mkdirSync(join(many, String(i)), { recursive: true });
  for (let i = 0; i < 19; i++)
    for (const name of ['a', 'b', 'c']) symlinkSync(`../${i + 1}`, join(many, String(i), name));
  await expect(folderSource(many).list()).rejects.toMatchObject({ code: 'FILE_TOO_MANY', where: many });
});
