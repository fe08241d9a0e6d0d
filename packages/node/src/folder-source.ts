/** A folder as the source of a data set (`openDataset` of @infnet/data): names and bytes, nothing else. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { InfnetError } from '@infnet/errors';
import { fileError } from './file-error.js';
import { readFile } from './files.js';

/** Fits `DataSource` of @infnet/data. */
export interface FolderSource {
  /** The folder's path as it was given. */
  readonly name: string;
  /** Paths of all files below the folder, with `/` between folders; links are followed. */
  list(): Promise<string[]>;
  /** The whole file. @throws InfnetError `FILE_...` */
  read(path: string): Promise<Uint8Array>;
}

/** Linked folders are entered once for each way to them, which links among each other can make very many. */
const MOST_FOLDERS = 10_000;

/**
 * Links to files and folders count as what they lead to. A link that leads nowhere, or back to a folder that it lies
 * in, is listed like a file, so that whoever needs it is told its name when it cannot be read.
 *
 * @throws InfnetError from `list`: `FILE_NOT_FOUND`, `FILE_NO_PERMISSION` when a folder cannot be listed,
 *   `FILE_TOO_MANY` when links lead to more than 10 000 folders
 */
export function folderSource(folder: string): FolderSource {
  return {
    name: folder,
    async list() {
      const files: string[] = [];
      let folders = 0;
      const walk = async (path: string, above: readonly string[]): Promise<void> => {
        if (++folders > MOST_FOLDERS) throw tooMany(folder);
        const here = await realpath(path);
        const entries = await readdir(path, { withFileTypes: true });
        for (const entry of entries) {
          const own = join(path, entry.name);
          if (entry.isDirectory()) await walk(own, [...above, here]);
          else if (entry.isSymbolicLink() && (await leadsOn(own, [...above, here]))) await walk(own, [...above, here]);
          else files.push(relative(folder, own).split(sep).join('/'));
        }
      };
      try {
        await walk(folder, []);
      } catch (cause) {
        if (cause instanceof InfnetError) throw cause;
        throw fileError((cause as NodeJS.ErrnoException).path ?? folder, 'read', cause);
      }
      return files;
    },
    read: (path) => readFile(join(folder, path)),
  };
}

/** Whether a link leads to a folder, and to none that it lies in. */
async function leadsOn(link: string, above: readonly string[]): Promise<boolean> {
  try {
    if (!(await stat(link)).isDirectory()) return false;
    const target = await realpath(link);
    return !above.some(
      (folder) => folder === target || folder.startsWith(target.endsWith(sep) ? target : target + sep),
    );
  } catch {
    return false;
  }
}

function tooMany(folder: string): InfnetError {
  return new InfnetError({
    code: 'FILE_TOO_MANY',
    message: `There are more than ${MOST_FOLDERS} folders below it, counting each as often as links lead to it.`,
    where: folder,
    fix: 'Give the folder of one data set, or remove links that lead to each other.',
  });
}
