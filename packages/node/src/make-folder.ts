import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it, where they are missing. Folder by folder: Node 20's recursive `mkdir` never
 * returns where a file system refuses with ENOENT (`/proc/x`).
 *
 * @throws the file system's error
 */
export async function makeFolder(folder: string): Promise<void> {
  const path = resolve(folder);
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) await makeFolder(parent);
  try {
    await mkdir(path);
  } catch (cause) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) throw cause;
  }
}
