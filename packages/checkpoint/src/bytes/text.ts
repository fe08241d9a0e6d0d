import { corrupt } from '../errors.js';

const utf8: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strict UTF-8; bytes that are not are a `CHECKPOINT_CORRUPT` error. */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = tryUtf8(bytes);
  if (text === undefined) throw corrupt(`A text of ${bytes.length} bytes in the file is not UTF-8.`);
  return text;
}

/** UTF-8 where it is, else Latin-1: names in a zip and strings that Python 2 pickled do not say which they are. */
export function decodeText(bytes: Uint8Array): string {
  return tryUtf8(bytes) ?? latin1(bytes);
}

function tryUtf8(bytes: Uint8Array): string | undefined {
  try {
    // Browsers refuse to decode a view of shared memory, so that one is copied first.
    return utf8.decode(bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes));
  } catch {
    return undefined;
  }
}

/** In pieces: a text that grows by one character at a time is a chain of as many objects. */
export function latin1(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 4096) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 4096)));
  return pieces.join('');
}
