/**
 * Unpacks SwiftShader once per user and version, safely under concurrent and interrupted runs.
 *
 * Files are written to a folder with a random name beside the final one and the folder is then renamed, which is
 * atomic: a reader sees either nothing or everything. A manifest with each file's size is written last; a folder whose
 * files do not match its manifest (a full disk, a lost power supply) is set aside and unpacked again.
 */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { InfnetError } from '@infnet/errors';
import { isOurs } from './cache-folder.js';
import { readTar } from './tar.js';

/** The archive's files that SwiftShader needs; its two OpenGL libraries are left out. */
export const NEEDED = ['libvk_swiftshader.so', 'libvulkan.so.1', 'vk_swiftshader_icd.json'] as const;

const MANIFEST = 'manifest.json';
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/** Whether `folder` is a complete unpacked copy that this user may trust. */
export async function isUnpacked(folder: string): Promise<boolean> {
  try {
    if (!(await isOurs(folder))) return false;
    const manifest: unknown = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8'));
    if (typeof manifest !== 'object' || manifest === null) return false;
    const sizes = manifest as Record<string, unknown>;
    for (const name of NEEDED) {
      if ((await stat(join(folder, name))).size !== sizes[name]) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * Unpacks the brotli-compressed tar `archive` into `parent/name` unless a complete copy is already there.
 *
 * @returns the folder `parent/name`.
 * @throws InfnetError `SWIFTSHADER_ARCHIVE` when the archive cannot be read or lacks a file,
 *   `SWIFTSHADER_UNPACK` when the files cannot be written.
 */
export async function unpack(archive: string, parent: string, name: string): Promise<string> {
  const target = join(parent, name);
  if (await isUnpacked(target)) return target;
  const files = await readArchive(archive);
  await removeAbandoned(parent);
  const temporary = join(parent, `.unpack-${randomUUID()}`);
  try {
    await mkdir(temporary, { mode: 0o700 });
    const sizes: Record<string, number> = {};
    for (const [file, bytes] of files) {
      await writeSynced(join(temporary, file), bytes);
      if (!file.endsWith('.json')) await chmod(join(temporary, file), 0o755);
      sizes[file] = bytes.length;
    }
    await writeSynced(join(temporary, MANIFEST), new TextEncoder().encode(JSON.stringify(sizes)));
    await moveInto(temporary, target);
    return target;
  } catch (cause) {
    if (cause instanceof InfnetError) throw cause;
    throw new InfnetError({
      code: 'SWIFTSHADER_UNPACK',
      message: `SwiftShader could not be unpacked: ${cause instanceof Error ? cause.message : String(cause)}.`,
      where: target,
      fix: 'Free 7 MB there, or set INFNET_CACHE_DIR to another folder that you own.',
      cause,
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function readArchive(archive: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  try {
    const tar = await promisify(brotliDecompress)(await readFile(archive));
    for (const file of await readTar(tar)) {
      if ((NEEDED as readonly string[]).includes(file.name)) files.set(file.name, file.bytes);
    }
  } catch (cause) {
    throw archiveError(archive, cause instanceof Error ? cause.message : String(cause), cause);
  }
  for (const name of NEEDED) if (!files.has(name)) throw archiveError(archive, `it has no file ${name}`);
  return files;
}

function archiveError(archive: string, reason: string, cause?: unknown): InfnetError {
  return new InfnetError({
    code: 'SWIFTSHADER_ARCHIVE',
    message: `The SwiftShader archive cannot be used: ${reason}.`,
    where: archive,
    fix: 'Install @sparticuz/chromium again, in the version that @infnet/swiftshader asks for.',
    cause,
  });
}

/**
 * Renames `temporary` to `target`. Another process may have been faster: then its copy is used. A broken copy is first
 * moved out of the way (processes that have its libraries mapped keep them).
 */
async function moveInto(temporary: string, target: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(temporary, target);
      return;
    } catch (error) {
      if (await isUnpacked(target)) return;
      const code = (error as NodeJS.ErrnoException).code;
      if (attempt === 5 || (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR')) throw error;
      const aside = `${temporary}-broken-${attempt}`;
      await rename(target, aside).catch(() => undefined);
      await rm(aside, { recursive: true, force: true });
    }
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes what killed processes left behind more than an hour ago. */
async function removeAbandoned(parent: string): Promise<void> {
  const names = await readdir(parent).catch((): string[] => []);
  for (const name of names) {
    if (!name.startsWith('.unpack-')) continue;
    const path = join(parent, name);
    const entry = await stat(path).catch(() => undefined);
    if (entry !== undefined && Date.now() - entry.mtimeMs > ABANDONED_AFTER_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
