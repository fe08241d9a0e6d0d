/** Errors of the file system, told with the path and what to do. */
import { readlinkSync } from 'node:fs';
import { InfnetError } from '@infnet/errors';

interface Told {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}

const KNOWN: Readonly<Record<string, Told>> = {
  ENOENT: {
    code: 'FILE_NOT_FOUND',
    what: 'it does not exist',
    fix: 'Check the path; a missing folder must be made first.',
  },
  ENOTDIR: { code: 'FILE_NOT_FOUND', what: 'a part of its path is not a folder', fix: 'Check the path.' },
  ELOOP: {
    code: 'FILE_NOT_FOUND',
    what: 'its links lead in a circle',
    fix: 'Replace the link by the file that it stands for.',
  },
  EISDIR: { code: 'FILE_IS_FOLDER', what: 'it is a folder', fix: 'Name a file.' },
  EACCES: {
    code: 'FILE_NO_PERMISSION',
    what: 'permission is denied',
    fix: 'Change its permissions or take another folder.',
  },
  EPERM: {
    code: 'FILE_NO_PERMISSION',
    what: 'permission is denied',
    fix: 'Change its permissions or take another folder.',
  },
  EROFS: {
    code: 'FILE_NO_PERMISSION',
    what: 'the file system is read-only',
    fix: 'Take a folder on another file system.',
  },
  ENOSPC: { code: 'FILE_DISK_FULL', what: 'the disk is full', fix: 'Free space there or take another folder.' },
  EDQUOT: {
    code: 'FILE_DISK_FULL',
    what: 'the disk quota is used up',
    fix: 'Free space there or take another folder.',
  },
  EFBIG: {
    code: 'FILE_DISK_FULL',
    what: 'it would be larger than is allowed',
    fix: 'Raise the limit or take another folder.',
  },
};

/** Turns `cause` (an error of `node:fs`) into an InfnetError about `path`; `verb` is `read` or `written`. */
export function fileError(path: string, verb: 'read' | 'written', cause: unknown): InfnetError {
  const errno = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  const told = KNOWN[errno] ?? {
    code: verb === 'read' ? 'FILE_NOT_READ' : 'FILE_NOT_WRITTEN',
    what: cause instanceof Error ? cause.message : String(cause),
    fix: 'See the cause.',
  };
  const target = errno === 'ENOENT' && verb === 'read' ? targetOf(path) : undefined;
  const what = target === undefined ? told.what : `it is a link to ${target}, which does not exist`;
  const kept = verb === 'written' ? ' What was there before is untouched.' : '';
  return new InfnetError({
    code: told.code,
    message: `The file cannot be ${verb}: ${what}.${kept}`,
    where: path,
    fix: target === undefined ? told.fix : 'Put back what the link stands for, or replace the link by the file.',
    details: { path, errno },
    cause,
  });
}

/** Where a link leads; undefined for what is none. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
