/**
 * A checksum of what a safetensors file holds, in its metadata. The format has none, and one flipped bit of a weight
 * makes another net without a word.
 *
 * It is of the content (names, types, shapes and bytes of the tensors, and the other metadata, by name), not of the
 * file: a program that writes the same content in another order keeps it true. It says which metadata it leaves out, as
 * two files may be the same but for those.
 */
import { crc32 } from '@infnet/inflate';
import { checkpointError } from '../errors.js';

/** Its name in the metadata. */
export const CHECKSUM = 'checksum';
/** Anybody may call something a checksum; this is what ours looks like. */
const OURS = /^crc32:[0-9a-f]{8}(?: without ([\w.-]+(?:,[\w.-]+)*))?$/;

/** A tensor as it lies in the file. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Whether the metadata have a checksum that is looked at. */
export function hasChecksum(metadata: ReadonlyMap<string, unknown>): boolean {
  return OURS.test(String(metadata.get(CHECKSUM)));
}

/** @param apart names of metadata that it is not of */
export function contentChecksum(
  tensors: readonly StoredTensor[],
  metadata: Iterable<readonly [name: string, text: string]>,
  apart: readonly string[] = [],
): string {
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
  const encoder = new TextEncoder();
  let sum = 0;
  const add = (...said: readonly unknown[]): void => {
    sum = crc32(encoder.encode(JSON.stringify(said)), sum);
  };
  const texts = Array.from(metadata, ([name, text]) => ({ name, text })).sort(byName);
  for (const { name, text } of texts) if (name !== CHECKSUM && !apart.includes(name)) add(name, text);
  for (const { name, dtype, shape, bytes } of [...tensors].sort(byName)) {
    add(name, dtype, shape);
    sum = crc32(bytes, sum);
  }
  const without = apart.length === 0 ? '' : ` without ${apart.join(',')}`;
  return `crc32:${sum.toString(16).padStart(8, '0')}${without}`;
}

/** @throws InfnetError `CHECKPOINT_CORRUPT` where the metadata has a checksum, and it is not that of the content */
export function verifyChecksum(tensors: readonly StoredTensor[], metadata: ReadonlyMap<string, string>): void {
  if (!hasChecksum(metadata)) return;
  const said = metadata.get(CHECKSUM) ?? '';
  const found = contentChecksum(tensors, metadata, OURS.exec(said)?.[1]?.split(',') ?? []);
  if (found === said) return;
  throw checkpointError(
    'CHECKPOINT_CORRUPT',
    `The file's checksum is ${said}, that of its content ${found}: it was damaged, or changed by a program that left the checksum as it was.`,
    `Take a copy that is whole, or make it again. A program that changes such a file leaves its metadata "${CHECKSUM}" out.`,
    { said, found },
  );
}
