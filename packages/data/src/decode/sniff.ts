/** Which format a file has, by its first bytes. */

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function startsWith(bytes: Uint8Array, magic: readonly number[], offset = 0): boolean {
  return bytes.length >= offset + magic.length && magic.every((byte, i) => bytes[offset + i] === byte);
}

function startsWithText(bytes: Uint8Array, magic: string, offset = 0): boolean {
  return startsWith(
    bytes,
    Array.from(magic, (c) => c.charCodeAt(0)),
    offset,
  );
}

/** `'png'`, `'jpeg'`, or `undefined` for everything else. A file cut inside the PNG signature still counts as PNG. */
export function sniff(bytes: Uint8Array): 'png' | 'jpeg' | undefined {
  if (startsWith(bytes, PNG) || (bytes.length >= 4 && bytes.length < 8 && startsWith(bytes, PNG.slice(0, 4)))) {
    return 'png';
  }
  if (startsWith(bytes, [0xff, 0xd8])) return 'jpeg';
  return undefined;
}

/** A name for a format that is not read here, for the error message. */
export function foreignFormat(bytes: Uint8Array): string {
  if (startsWithText(bytes, 'GIF8')) return 'a GIF';
  if (startsWithText(bytes, 'BM')) return 'a BMP';
  if (startsWith(bytes, [0x49, 0x49, 0x2a, 0x00]) || startsWith(bytes, [0x4d, 0x4d, 0x00, 0x2a])) return 'a TIFF';
  if (startsWithText(bytes, 'RIFF') && startsWithText(bytes, 'WEBP', 8)) return 'a WebP';
  if (startsWithText(bytes, 'DICM', 128)) return 'a DICOM file';
  if (startsWithText(bytes, 'n+1\0', 344)) return 'a NIfTI volume';
  if (startsWith(bytes, [0x1f, 0x8b])) return 'a gzip archive (a NIfTI volume perhaps)';
  if (startsWithText(bytes, 'PK')) return 'a ZIP archive';
  if (startsWithText(bytes, '\x93NUMPY')) return 'a NumPy array';
  if (startsWithText(bytes, '%PDF')) return 'a PDF';
  return isText(bytes.subarray(0, 256)) ? 'text' : 'something else';
}

function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return head[0] !== undefined && (head.length > 1 || head[0] < 0x80);
  } catch {
    return false;
  }
}
