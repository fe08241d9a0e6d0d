/** A folder as a store of files by their relative paths: what a run of `@infnet/segmentation` is kept in. */
import { existsSync } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isInfnetError } from '@infnet/errors';
import { fileError } from './file-error.js';
import { readFile, type WriteOptions, writeFileAtomic } from './files.js';
import { makeFolder } from './make-folder.js';

export interface FolderStore {
  where(path: string): string;
  /** Undefined where there is no such file; an empty one has no bytes. @throws InfnetError `FILE_...` */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Folders on the way are made. @throws InfnetError `FILE_...` */
  write(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
  list(folder: string): Promise<readonly string[]>;
  open(path: string): Promise<OpenedFile>;
}

export interface OpenedFile {
  write(bytes: Uint8Array, at: number): Promise<void>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export function folderStore(folder: string): FolderStore {
  const where = (path: string): string => join(resolve(folder), path);
  return {
    where,
    async read(path) {
      if (!existsSync(where(path))) return undefined;
      try {
        return await readFile(where(path));
      } catch (error) {
        // What was killed at once left it so.
        if (isInfnetError(error, 'FILE_EMPTY')) return new Uint8Array();
        throw error;
      }
    },
    async write(path, bytes, { keep } = {}) {
      const parent = dirname(where(path));
      await makeFolder(parent).catch((cause: unknown) => {
        throw fileError(parent, 'written', cause);
      });
      await writeFileAtomic(where(path), bytes, keep === undefined ? {} : { keep: where(keep) });
    },
    list: async (path) => (existsSync(where(path)) ? (await readdir(where(path))).sort() : []),
    open: async (path) => openedFile(await open(where(path), 'r+')),
  };
}

function openedFile(file: FileHandle): OpenedFile {
  return {
    async write(bytes, at) {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
        done += bytesWritten;
      }
    },
    truncate: (length) => file.truncate(length),
    sync: () => file.datasync(),
    close: () => file.close(),
  };
}
