/// <reference path="./tar-stream.d.ts" />
/** The regular files of a tar archive in memory, read by `tar-stream`. */
import { extract } from 'tar-stream';

/** One regular file of an archive. */
export interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The regular files in order; folders and links are skipped.
 *
 * @throws Error of `tar-stream` for a damaged header or an archive that is cut off within an entry.
 */
export async function readTar(archive: Uint8Array): Promise<TarFile[]> {
  const reader = extract();
  reader.end(archive);
  const files: TarFile[] = [];
  for await (const entry of reader) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk);
    if (entry.header.type === 'file') files.push({ name: entry.header.name, bytes: Buffer.concat(chunks) });
  }
  return files;
}
