import { chmod, mkdir, mkdtemp, readdir, readFile as readPlain, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectError } from '@infnet/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileError } from '../src/file-error.js';
import { readFile, writeFileAtomic } from '../src/files.js';
import { canCover } from './children/bare-system.js';
import { run } from './children/run.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infnet-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('readFile', () => {
  it('gives the bytes', async () => {
    const path = join(folder, 'file');
    await writeFile(path, Uint8Array.of(0, 255, 7));
    expect([...(await readFile(path))]).toEqual([0, 255, 7]);
  });

  it('says that a file is missing, is a folder, or is empty, with its whole path', async () => {
    await writeFile(join(folder, 'empty'), '');
    const cases = [
      ['missing', 'FILE_NOT_FOUND'],
      ['empty', 'FILE_EMPTY'],
      ['.', 'FILE_IS_FOLDER'],
      ['empty/below', 'FILE_NOT_FOUND'],
    ] as const;
    for (const [name, code] of cases) {
      const error = await expectError(code, readFile(join(folder, name)));
      expect(error.where).toBe(join(folder, name));
      expect(error.fix).not.toBe('');
    }
  });
});

describe('writeFileAtomic', () => {
  it('writes a new file and replaces an old one, leaving nothing beside it', async () => {
    const path = join(folder, 'file');
    for (const text of ['first', 'second, longer', '3']) {
      await writeFileAtomic(path, bytes(text));
      expect(await readPlain(path, 'utf8')).toBe(text);
    }
    await writeFileAtomic(path, new Uint8Array(0));
    expect((await stat(path)).size).toBe(0);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('writes only the view that it is given', async () => {
    const path = join(folder, 'file');
    await writeFileAtomic(path, bytes('abcdef').subarray(2, 4));
    expect(await readPlain(path, 'utf8')).toBe('cd');
  });

  it('keeps permissions and follows a symbolic link', async () => {
    const path = join(folder, 'file');
    const link = join(folder, 'link');
    await writeFile(path, 'old');
    await chmod(path, 0o640);
    await symlink(path, link);
    await writeFileAtomic(link, bytes('new'));
    expect(await readPlain(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await readdir(folder)).sort()).toEqual(['file', 'link']);
  });

  it('never shows a reader half a file', async () => {
    const path = join(folder, 'file');
    const size = 1 << 20;
    await writeFileAtomic(path, new Uint8Array(size).fill(0));
    let writing = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (writing) {
        const all = await readPlain(path);
        seen.add(`${all.length} ${all[0] === all[size - 1]}`);
      }
    })();
    for (let i = 1; i <= 10; i++) await writeFileAtomic(path, new Uint8Array(size).fill(i));
    writing = false;
    await reader;
    expect([...seen]).toEqual([`${size} true`]);
  });

  it('refuses a folder and a missing folder', async () => {
    await mkdir(join(folder, 'inner'));
    await expectError('FILE_IS_FOLDER', writeFileAtomic(join(folder, 'inner'), bytes('x')));
    await expectError('FILE_NOT_FOUND', writeFileAtomic(join(folder, 'none', 'x'), bytes('x')));
    expect(await readdir(folder)).toEqual(['inner']);
  });

  it('leaves the old file untouched where it may not write', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'old');
    await chmod(folder, 0o555);
    const uid = process.getuid?.() === 0 ? 65_534 : undefined;
    const { stdout } = await run('write.mjs', [path, '10'], { uid });
    await chmod(folder, 0o755);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'FILE_NO_PERMISSION', where: path });
    expect(await readPlain(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['file']);
  });

  it.skipIf(!canCover)(
    'leaves the old file untouched on a full disk (skipped where unshare is forbidden)',
    async () => {
      const disk = join(folder, 'disk');
      await mkdir(disk);
      const path = join(disk, 'file');
      const report = 'echo; cat "$1/file" | head -c 3; echo; ls -A "$1"';
      const script = `mount -t tmpfs -o size=64k none "$1"; printf old > "$1/file"; disk="$1"; shift; "$@"; set -- "$disk"; ${report}`;
      const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
      const before = ['unshare', '--mount', ...asRoot, 'sh', '-ec', script, 'sh', disk];
      const { stdout } = await run('write.mjs', [path, '1000000'], { before });
      const [answer = '', , content, ...names] = stdout.trimEnd().split('\n');
      expect(JSON.parse(answer)).toMatchObject({
        code: 'FILE_DISK_FULL',
        where: path,
        details: { errno: 'ENOSPC' },
        message: expect.stringContaining('What was there before is untouched'),
      });
      expect(content).toBe('old');
      expect(names).toEqual(['file']);
    },
  );
});

describe('fileError', () => {
  it('has a code and a fix for each errno that a user can do something about, and keeps the cause', () => {
    const codes = ['ENOENT', 'EISDIR', 'EACCES', 'EROFS', 'ENOSPC', 'EDQUOT', 'EIO'].map((errno) => {
      const cause = Object.assign(new Error(`${errno}: it failed`), { code: errno });
      const error = fileError('/data/x', 'written', cause);
      expect(error.cause).toBe(cause);
      expect(error.fix).toBeTruthy();
      return error.code;
    });
    expect(codes).toEqual([
      'FILE_NOT_FOUND',
      'FILE_IS_FOLDER',
      'FILE_NO_PERMISSION',
      'FILE_NO_PERMISSION',
      'FILE_DISK_FULL',
      'FILE_DISK_FULL',
      'FILE_NOT_WRITTEN',
    ]);
    expect(fileError('/data/x', 'read', Object.assign(new Error('bad'), { code: 'EIO' })).code).toBe('FILE_NOT_READ');
  });
});
