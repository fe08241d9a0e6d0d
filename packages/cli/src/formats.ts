/**
 * What files are that are neither pictures nor volumes: told by their content, as names say nothing (DICOM often has no
 * ending).
 */
import { type FileHandle, open } from 'node:fs/promises';
import { FORMAT_BYTES, formatOf } from '@infnet/data';

/** Files that are looked into. */
const LOOKED_AT = 200;

export interface NamedFormats {
  /** `3 DICOM files, 1 text`; empty where nothing was recognised. */
  readonly counts: string;
  /** What to do with the most frequent kind that there is something to do with. */
  readonly advice: string | undefined;
}

/** What the files are, the most frequent kind first. Files that cannot be read are passed over. */
export async function nameFormats(paths: readonly string[]): Promise<NamedFormats> {
  const kinds = new Map<string, { count: number; readonly one: string; readonly advice: string | undefined }>();
  for (const path of paths.slice(0, LOOKED_AT)) {
    const format = formatOf(await beginningOf(path));
    if (format === undefined) continue;
    const known = kinds.get(format.plural);
    if (known !== undefined) known.count++;
    else kinds.set(format.plural, { count: 1, one: format.name.replace(/^(an?|the) /, ''), advice: format.advice });
  }
  const sorted = [...kinds].sort(([, a], [, b]) => b.count - a.count);
  return {
    counts: sorted.map(([plural, { count, one }]) => (count === 1 ? `1 ${one}` : `${count} ${plural}`)).join(', '),
    advice: sorted.find(([, { advice }]) => advice !== undefined)?.[1].advice,
  };
}

async function beginningOf(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const head = new Uint8Array(FORMAT_BYTES);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } catch {
    return new Uint8Array(0);
  } finally {
    await file?.close().catch(() => undefined);
  }
}
