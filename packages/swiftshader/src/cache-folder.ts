/**
 * Where unpacked files live: the first folder that belongs to this user and takes a file.
 *
 * What is put there is later loaded as machine code, so a folder that another user could have prepared (a guessable
 * name below /tmp) is never trusted: it must be owned by this user or by root and writable by nobody else.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, stat, unlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { InfnetError } from '@infnet/errors';

/** The folders to try, best first. With `INFNET_CACHE_DIR` set there is only one, `infnet` below it. */
export function cacheCandidates(): string[] {
  const asked = process.env['INFNET_CACHE_DIR'];
  if (asked !== undefined && asked !== '') return [join(asked, 'infnet')];
  const candidates: string[] = [];
  const xdg = process.env['XDG_CACHE_HOME'];
  if (xdg !== undefined && xdg !== '') candidates.push(join(xdg, 'infnet'));
  else candidates.push(join(homedir(), '.cache', 'infnet'));
  const modules = enclosingNodeModules();
  if (modules !== undefined) candidates.push(join(modules, '.cache', 'infnet'));
  candidates.push(join(tmpdir(), `infnet-${process.getuid?.() ?? 'user'}`));
  return candidates;
}

/**
 * The first candidate that can be written, created where missing.
 *
 * @throws InfnetError `CACHE_NOT_WRITABLE` with the reason for each candidate.
 */
export async function writableCacheFolder(candidates: readonly string[] = cacheCandidates()): Promise<string> {
  const reasons: string[] = [];
  for (const folder of candidates) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      if (!(await isOurs(folder))) {
        reasons.push(`${folder}: belongs to another user or is writable by others`);
        continue;
      }
      const probe = join(folder, `.probe-${randomUUID()}`);
      await writeFile(probe, '');
      await unlink(probe);
      return folder;
    } catch (error) {
      reasons.push(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new InfnetError({
    code: 'CACHE_NOT_WRITABLE',
    message: `No folder for unpacked files can be written: ${reasons.join('; ')}.`,
    fix: 'Set INFNET_CACHE_DIR to a folder that you own and may write.',
    details: { reasons },
  });
}

/** Whether `folder` is owned by this user or root and writable by no other user. Always true on Windows. */
export async function isOurs(folder: string): Promise<boolean> {
  const uid = process.getuid?.();
  if (uid === undefined) return true;
  const entry = await stat(folder);
  return (entry.uid === uid || entry.uid === 0) && (entry.mode & 0o022) === 0;
}

function enclosingNodeModules(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (folder !== dirname(folder)) {
    if (folder.endsWith(`${sep}node_modules`)) return folder;
    folder = dirname(folder);
  }
  return undefined;
}
