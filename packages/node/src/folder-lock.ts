/**
 * One writer at a time: a file in the folder that says who holds it. A killed holder leaves it behind, which is told by
 * its process, and taken over.
 *
 * The file is made whole under another name and then linked, which fails where there is one: so it is never half
 * written, and of two who try at once one gets it. Who takes over holds a second lock for that moment, or of two who
 * found the same dead holder the later one would take away what the earlier one has just made.
 */
import { rmSync } from 'node:fs';
import { link, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { InfnetError } from '@infnet/errors';
import { fileError } from './file-error.js';
import { makeFolder } from './make-folder.js';
import { isRunning, type ProcessIdentity, thisProcess } from './process-identity.js';
import { temporaryName } from './temporary-files.js';

/** Of the lock in its folder. */
export const LOCK_FILE = 'run.lock';

export interface FolderLock {
  /** Makes its file again, where the folder was removed. */
  renew(): Promise<void>;
  /** Gives the folder free. */
  release(): Promise<void>;
}

export interface LockHolder extends ProcessIdentity {
  /** When it got the lock: ISO 8601. */
  readonly since: string;
}

/**
 * Takes the lock of a folder, which is made where it is missing.
 *
 * @throws InfnetError `FILE_LOCKED` with who holds it; `FILE_...`
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, LOCK_FILE);
  const own = `${JSON.stringify({ ...thisProcess(), since: new Date().toISOString() })}\n`;
  try {
    await makeFolder(folder);
    if (!(await create(path, own))) await takeOver(path, own);
  } catch (cause) {
    throw cause instanceof InfnetError ? cause : fileError(path, 'written', cause);
  }
  const atExit = (): void => rmSync(path, { force: true });
  process.on('exit', atExit);
  return {
    renew: async () => {
      await makeFolder(folder);
      await create(path, own);
    },
    release: async () => {
      process.off('exit', atExit);
      if ((await textOf(path)) === own) await rm(path, { force: true });
    },
  };
}

/** @throws InfnetError `FILE_LOCKED` */
async function takeOver(path: string, own: string): Promise<void> {
  const guard = `${path}.takeover`;
  const text = await textOf(path);
  if (isHeld(text)) throw held(path, text);
  if (!(await create(guard, own))) {
    const other = await textOf(guard);
    if (isHeld(other)) throw held(path, other);
    // Killed while it took over: of those who see that one gets the guard.
    await rm(guard, { force: true });
    if (!(await create(guard, own))) throw held(path, await textOf(guard));
  }
  try {
    const now = await textOf(path);
    if (isHeld(now)) throw held(path, now);
    await rm(path, { force: true });
    if (!(await create(path, own))) throw held(path, await textOf(path));
  } finally {
    await rm(guard, { force: true });
  }
}

/** Whether it could be made; false where there is one. @throws the file system's error */
async function create(path: string, text: string): Promise<boolean> {
  const whole = join(dirname(path), temporaryName());
  try {
    await writeFile(whole, text, { flag: 'wx' });
    await link(whole, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // File systems without links (of memory cards): made at once, written after.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EOPNOTSUPP') throw error;
    return createPlain(path, text);
  } finally {
    await rm(whole, { force: true });
  }
}

async function createPlain(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(text).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/** A lock that says nothing (a full disk, a power failure) is nobody's. */
function isHeld(text: string | undefined): boolean {
  const holder = holderOf(text);
  return holder !== undefined && isRunning(holder) !== false;
}

function holderOf(text: string | undefined): LockHolder | undefined {
  try {
    const { pid, host, boot = '', started = '', since }: Partial<LockHolder> = { ...JSON.parse(text ?? '') };
    const texts = [host, boot, started, since];
    if (!Number.isSafeInteger(pid) || texts.some((value) => typeof value !== 'string')) return undefined;
    return { pid: Number(pid), host: String(host), boot, started, since: String(since) };
  } catch {
    return undefined;
  }
}

function held(path: string, text: string | undefined): InfnetError {
  const holder = holderOf(text);
  const isElsewhere = holder !== undefined && isRunning(holder) === undefined;
  const who =
    holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  return new InfnetError({
    code: 'FILE_LOCKED',
    message: `The folder is in use by ${who}.`,
    where: path,
    fix: isElsewhere
      ? `Wait for it, or stop it. Where that machine has long been gone, remove ${path}.`
      : 'Wait for it, or stop it.',
    details: { ...holder },
  });
}
