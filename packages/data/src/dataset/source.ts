/** Where a data set's files come from: a folder, a list of `File`s, memory. Only names and bytes are asked for. */
import { dataError } from '../errors.js';

/**
 * Lists names and reads bytes. Nothing else is asked of a source, so a folder, a ZIP archive or a server can be one.
 */
export interface DataSource {
  /** What to call it in messages: the folder's path. */
  readonly name: string;
  /** Paths of all files, relative, with `/` between folders, in any order. */
  list(): Promise<readonly string[]> | readonly string[];
  /** The whole file. The same path must always give the same bytes. */
  read(path: string): Promise<Uint8Array> | Uint8Array;
}

/** What is needed of a browser's `File`. */
export interface FileLike {
  readonly name: string;
  /** Path below the chosen folder, of `<input type="file" webkitdirectory>`. */
  readonly webkitRelativePath?: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A source in memory: bytes by path, e.g. `{ 'Imgs/1.png': bytes, 'GT/1.png': bytes }`. */
export function memorySource(files: Readonly<Record<string, Uint8Array>>, name = 'memory'): DataSource {
  return {
    name,
    list: () => Object.keys(files),
    read: (path) => found(Object.hasOwn(files, path) ? files[path] : undefined, path, name),
  };
}

/** The files a person chose or dropped in a browser: `fileListSource(input.files)`. */
export function fileListSource(files: Iterable<FileLike>, name = 'the chosen files'): DataSource {
  const byPath = new Map<string, FileLike>();
  for (const file of files) byPath.set(file.webkitRelativePath || file.name, file);
  return {
    name,
    list: () => [...byPath.keys()],
    read: async (path) => new Uint8Array(await found(byPath.get(path), path, name).arrayBuffer()),
  };
}

function found<T>(file: T | undefined, path: string, name: string): T {
  if (file !== undefined) return file;
  throw dataError({ code: 'DATA_ARGUMENT', message: `There is no file ${path} in ${name}.`, where: path });
}
