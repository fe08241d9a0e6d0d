/**
 * Reads a tar archive that is in memory.
 *
 * A tar file is a row of 512-byte blocks: one header block per entry, then the entry's bytes padded to whole blocks,
 * and at least one block of zeros at the end. Numbers are octal text (POSIX.1-1988, "ustar"). That is all this reader
 * knows; an archive that uses more (links, long names) is refused, never half-read.
 */
import { InfnetError } from '@infnet/errors';

const BLOCK = 512;

/** One regular file of an archive; `bytes` is a view into the archive, not a copy. */
export interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The regular files of the archive, in order. Folders are skipped.
 *
 * @throws InfnetError `TAR_TRUNCATED`, `TAR_CHECKSUM` or `TAR_UNSUPPORTED`.
 */
export function readTar(archive: Uint8Array): TarFile[] {
  const files: TarFile[] = [];
  let at = 0;
  for (;;) {
    if (at + BLOCK > archive.length) throw truncated(archive.length, at + BLOCK);
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return files;
    checkSum(header, at);
    const name = entryName(header);
    const size = octal(header.subarray(124, 136));
    const type = String.fromCharCode(header[156] ?? 0);
    const start = at + BLOCK;
    if (start + size > archive.length) throw truncated(archive.length, start + size);
    if (type === '0' || type === '\0') files.push({ name, bytes: archive.subarray(start, start + size) });
    else if (type !== '5') {
      throw new InfnetError({
        code: 'TAR_UNSUPPORTED',
        message: `Tar entry '${name}' is of type '${type}'; only files and folders are read.`,
      });
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function entryName(header: Uint8Array): string {
  const isUstar = text(header.subarray(257, 262)) === 'ustar';
  const prefix = isUstar ? text(header.subarray(345, 500)) : '';
  const name = text(header.subarray(0, 100));
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The header's checksum is the sum of its bytes with the checksum field itself read as eight spaces. */
function checkSum(header: Uint8Array, at: number): void {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : (header[i] ?? 0);
  if (sum !== octal(header.subarray(148, 156))) {
    throw new InfnetError({ code: 'TAR_CHECKSUM', message: `The tar header at byte ${at} has a wrong checksum.` });
  }
}

function octal(field: Uint8Array): number {
  const value = Number.parseInt(text(field).trim() || '0', 8);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InfnetError({ code: 'TAR_UNSUPPORTED', message: `Tar number '${text(field)}' is not octal.` });
  }
  return value;
}

function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function truncated(have: number, need: number): InfnetError {
  return new InfnetError({
    code: 'TAR_TRUNCATED',
    message: `The tar archive ends at byte ${have}, but byte ${need} is needed.`,
  });
}
