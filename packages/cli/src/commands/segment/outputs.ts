/** Files of results, as they are written. */
import { join } from 'node:path';
import { writeFileAtomic } from '@infnet/node';
import type { ResultFile } from '@infnet/segmentation';
import { type FailedFile, reasonOf } from '../../errors.js';

export const SUMMARY = 'summary.csv';

/** Writes the table. The failure, if it cannot be written: the results are there all the same. */
export async function writeSummary(file: string, table: string): Promise<FailedFile[]> {
  return writeFileAtomic(file, new TextEncoder().encode(table)).then(
    () => [],
    (error: unknown) => [{ file, ...reasonOf(error) }],
  );
}

/** Writes the files, each atomically. @throws InfnetError `FILE_...` */
export async function writeOutputs(folder: string, files: readonly ResultFile[]): Promise<void> {
  for (const { name, bytes } of files) await writeFileAtomic(join(folder, name), bytes);
}
