/** A folder as the source of a data set (`openDataset` of @infnet/data): names and bytes, nothing else. */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileError } from './file-error.js';
import { readFile } from './files.js';

/** Fits `DataSource` of @infnet/data. */
export interface FolderSource {
  /** The folder's path as it was given. */
  readonly name: string;
  /** Paths of all files below the folder, with `/` between folders. */
  list(): Promise<string[]>;
  /** The whole file. @throws InfnetError `FILE_...` */
  read(path: string): Promise<Uint8Array>;
}

/** @throws InfnetError from `list`: `FILE_NOT_FOUND`, `FILE_NO_PERMISSION` when the folder cannot be listed */
export function folderSource(folder: string): FolderSource {
  return {
    name: folder,
    async list() {
      try {
        const entries = await readdir(folder, { recursive: true, withFileTypes: true });
        const files = entries.filter((entry) => !entry.isDirectory());
        return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join('/'));
      } catch (cause) {
        throw fileError(folder, 'read', cause);
      }
    },
    read: (path) => readFile(join(folder, path)),
  };
}
