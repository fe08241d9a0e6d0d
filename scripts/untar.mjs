/** Reads tar archives as npm and `@sparticuz/chromium` write them: plain files in ustar. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Yields the plain files of an uncompressed tar archive. A name that points outside is refused.
 * @param {Buffer} archive
 * @returns {Generator<{ name: string, mode: number, data: Buffer }>}
 */
export function* entries(archive) {
  const text = (from, length) => archive.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const prefix = text(at + 345, 155);
    const name = prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`;
    const size = Number.parseInt(text(at + 124, 12), 8);
    const type = archive[at + 156];
    if (name.startsWith('/') || name.split('/').includes('..'))
      throw new Error(`tar entry outside its folder: ${name}`);
    if (type === 0x30 || type === 0) {
      const mode = Number.parseInt(text(at + 100, 8), 8);
      yield { name, mode, data: archive.subarray(at + 512, at + 512 + size) };
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

/** Writes the plain files of `archive` below `target`. */
export function untar(archive, target) {
  for (const { name, mode, data } of entries(archive)) {
    mkdirSync(dirname(join(target, name)), { recursive: true });
    writeFileSync(join(target, name), data, { mode: mode | 0o644 });
  }
}
