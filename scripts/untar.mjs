/** Tar archives as npm and `@sparticuz/chromium` write them, read by `tar-stream`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { extract } from 'tar-stream';

/**
 * Yields the plain files of an uncompressed tar archive. A name that points outside is refused.
 * @param {Buffer} archive
 * @returns {AsyncGenerator<{ name: string, mode: number, data: Buffer }>}
 */
export async function* entries(archive) {
  const reader = extract();
  reader.end(archive);
  for await (const entry of reader) {
    const { name, mode, type } = entry.header;
    if (name.startsWith('/') || name.split('/').includes('..'))
      throw new Error(`tar entry outside its folder: ${name}`);
    const chunks = [];
    for await (const chunk of entry) chunks.push(chunk);
    if (type === 'file') yield { name, mode, data: Buffer.concat(chunks) };
  }
}

/** Writes the plain files of `archive` below `target`. */
export async function untar(archive, target) {
  for await (const { name, mode, data } of entries(archive)) {
    mkdirSync(dirname(join(target, name)), { recursive: true });
    writeFileSync(join(target, name), data, { mode: mode | 0o644 });
  }
}
