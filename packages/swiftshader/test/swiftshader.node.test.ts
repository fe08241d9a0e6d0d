import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfnetError } from '@infnet/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writableCacheFolder } from '../src/cache-folder.js';
import { requirePlatform, swiftshader } from '../src/index.js';
import { isUnpacked, unpack } from '../src/unpack.js';

const onLinux = process.platform === 'linux' && process.arch === 'x64';

let folder: string;
let cache: string;
let before: string | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infnet-swiftshader-'));
  cache = join(folder, 'infnet');
  before = process.env['INFNET_CACHE_DIR'];
  process.env['INFNET_CACHE_DIR'] = folder;
});

afterEach(async () => {
  if (before === undefined) delete process.env['INFNET_CACHE_DIR'];
  else process.env['INFNET_CACHE_DIR'] = before;
  await rm(folder, { recursive: true, force: true });
});

async function failure(promise: Promise<unknown>): Promise<InfnetError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof InfnetError) return error;
  throw new Error(`expected an InfnetError, got ${String(error)}`);
}

describe.skipIf(!onLinux)('swiftshader() (Linux x64 only: skipped elsewhere)', () => {
  it('unpacks a driver, its manifest and a Vulkan loader', async () => {
    const { icdPath, libraryDir } = await swiftshader();
    expect(libraryDir.startsWith(cache)).toBe(true);
    const icd = JSON.parse(await readFile(icdPath, 'utf8')) as { ICD: { library_path: string } };
    const elf = (path: string) => readFile(path).then((bytes) => bytes.subarray(0, 4).toString('latin1'));
    expect(await elf(join(libraryDir, icd.ICD.library_path))).toBe('\x7fELF');
    expect(await elf(join(libraryDir, 'libvulkan.so.1'))).toBe('\x7fELF');
    expect((await readdir(cache)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('does not unpack twice', async () => {
    const { icdPath } = await swiftshader();
    const { ino, mtimeMs } = await stat(icdPath);
    await swiftshader();
    expect(await stat(icdPath)).toMatchObject({ ino, mtimeMs });
  });

  it('gives one complete copy when many unpack at once', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => swiftshader()));
    expect(new Set(all.map((place) => place.libraryDir)).size).toBe(1);
    expect(await isUnpacked(all[0]?.libraryDir ?? '')).toBe(true);
    expect((await readdir(cache)).length).toBe(1);
  });

  it('unpacks again over a copy that is cut off, lacks a file or lacks its manifest', async () => {
    const { libraryDir } = await swiftshader();
    const damages = [
      () => truncate(join(libraryDir, 'libvk_swiftshader.so'), 1000),
      () => rm(join(libraryDir, 'libvulkan.so.1')),
      () => writeFile(join(libraryDir, 'manifest.json'), ''),
    ];
    for (const damage of damages) {
      await damage();
      expect(await isUnpacked(libraryDir)).toBe(false);
      await swiftshader();
      expect(await isUnpacked(libraryDir)).toBe(true);
    }
    expect((await readdir(cache)).length).toBe(1);
  });

  it('is not misled by what an interrupted unpack left, and removes it after an hour', async () => {
    const old = join(cache, '.unpack-old');
    const fresh = join(cache, '.unpack-fresh');
    for (const left of [old, fresh]) await mkdir(left, { recursive: true, mode: 0o700 });
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    await utimes(old, longAgo, longAgo);
    const { libraryDir } = await swiftshader();
    expect(await isUnpacked(libraryDir)).toBe(true);
    expect((await readdir(cache)).filter((name) => name.startsWith('.'))).toEqual(['.unpack-fresh']);
  });

  it('does not trust a copy that other users may write', async () => {
    const { libraryDir } = await swiftshader();
    await chmod(libraryDir, 0o777);
    expect(await isUnpacked(libraryDir)).toBe(false);
  });
});

describe('failures', () => {
  it('names the platform where there is no build', () => {
    for (const [platform, arch] of [
      ['linux', 'arm64'],
      ['darwin', 'arm64'],
      ['win32', 'x64'],
    ] as const) {
      expect(() => requirePlatform(platform, arch)).toThrow(/SWIFTSHADER_PLATFORM.*Linux x64 only/);
    }
    expect(() => requirePlatform('linux', 'x64')).not.toThrow();
  });

  it('says which archive is damaged and leaves nothing behind', async () => {
    const archive = join(folder, 'damaged.tar.br');
    await writeFile(archive, 'this is no brotli stream');
    const error = await failure(unpack(archive, folder, 'target'));
    expect(error.code).toBe('SWIFTSHADER_ARCHIVE');
    expect(error.where).toBe(archive);
    expect(await readdir(folder)).toEqual(['damaged.tar.br']);
  });

  it('goes on to the next cache folder when one cannot be written', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const good = join(folder, 'good');
    expect(await writableCacheFolder([join(file, 'below'), good])).toBe(good);
  });

  it('lists each folder with its reason when none can be written', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const open = join(folder, 'open-to-all');
    await mkdir(open);
    await chmod(open, 0o777);
    const error = await failure(writableCacheFolder([join(file, 'below'), open]));
    expect(error.code).toBe('CACHE_NOT_WRITABLE');
    expect(error.message).toContain('a-file');
    expect(error.message).toContain('writable by others');
    expect(error.fix).toContain('INFNET_CACHE_DIR');
  });
});
