/** Reading and writing whole files, so that a failure is told well and never costs what was there before. */
import {
  chmod,
  copyFile,
  type FileHandle,
  link,
  open,
  readFile as readWhole,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InfnetError } from '@infnet/errors';
import { fileError } from './file-error.js';
import { temporaryName } from './temporary-files.js';

/**
 * The bytes of a file.
 *
 * @throws InfnetError `FILE_NOT_FOUND`, `FILE_IS_FOLDER`, `FILE_EMPTY`, `FILE_NO_PERMISSION`, `FILE_NOT_READ`.
 */
export async function readFile(path: string): Promise<Uint8Array> {
  const absolute = resolve(path);
  let bytes: Buffer;
  try {
    bytes = await readWhole(absolute);
  } catch (cause) {
    throw fileError(absolute, 'read', cause);
  }
  if (bytes.length === 0) {
    throw new InfnetError({
      code: 'FILE_EMPTY',
      message: 'The file is empty.',
      where: absolute,
      fix: 'Make or download it again; an interrupted download often leaves an empty file.',
      details: { path: absolute },
    });
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

export interface WriteOptions {
  /** Where the old bytes are kept, in the same folder or another one; what was there before them goes. */
  readonly keep?: string;
}

/**
 * Writes a file so that at every moment, whatever fails, `path` holds either all of the old bytes or all of the new
 * ones: they go to a temporary file beside it, are forced to the disk, and the file is then renamed. A symbolic link is
 * followed; permissions of an existing file are kept.
 *
 * @throws InfnetError `FILE_NOT_FOUND` (no such folder), `FILE_IS_FOLDER`, `FILE_NO_PERMISSION`, `FILE_DISK_FULL`,
 *   `FILE_NOT_WRITTEN`. The old file is then untouched and the temporary one removed.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array, { keep }: WriteOptions = {}): Promise<void> {
  const asked = resolve(path);
  try {
    const target = await realpath(asked).catch(() => asked);
    const existing = await stat(target).catch(() => undefined);
    if (existing?.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    const temporary = join(dirname(target), temporaryName());
    try {
      await writeSynced(temporary, bytes);
      if (existing !== undefined) await chmod(temporary, existing.mode & 0o7777);
      if (existing !== undefined && keep !== undefined) await keepAs(target, resolve(keep));
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(dirname(target));
  } catch (cause) {
    throw fileError(asked, 'written', cause);
  }
}

/** Under a second name; the first one stays, so that at no moment there is none. */
async function keepAs(path: string, kept: string): Promise<void> {
  const temporary = join(dirname(kept), temporaryName());
  try {
    // Some file systems have no links.
    await link(path, temporary).catch(() => copyFile(path, temporary));
    await rename(temporary, kept);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
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

/** Makes the rename itself survive a power failure, where the system can (not on Windows). */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // The bytes are safe, and after a power failure at least the old file is there.
  } finally {
    await handle?.close().catch(() => undefined);
  }
}
