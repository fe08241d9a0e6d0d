/** What a suite of benchmarks gets, and how it leaves its figures. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '@infnet/core';
import { writeFileAtomic } from '@infnet/node';

export interface SuiteOptions {
  /** Height and width of the images. */
  readonly size: number;
  readonly batch: number;
  readonly runs: number;
  readonly quick: boolean;
  /** Folder of the results. */
  readonly out: string;
}

/** Measures, prints, and writes its figures into the folder. */
export type Suite = (context: Context, options: SuiteOptions) => Promise<void>;

/** A line of progress that overwrites itself. */
export function progress(what: string): (done: number, total: number) => void {
  return (done, total) => {
    process.stderr.write(`\r${what} ${done} of ${total}${done === total ? '\n' : ''}`);
  };
}

/** Writes JSON as `out/<suite>-<adapter>-<batch>x<size>[.kind].json` and returns the path. */
export async function writeResult(
  context: Context,
  { out, batch, size }: SuiteOptions,
  name: string,
  value: object,
  kind = '',
): Promise<string> {
  return writeText(
    out,
    `${name}-${context.adapter.kind}-${batch}x${size}${kind}.json`,
    `${JSON.stringify(value, null, 1)}\n`,
  );
}

/** Writes a file into the folder of the results and returns its path. */
export async function writeText(out: string, name: string, text: string): Promise<string> {
  const path = join(out, name);
  await mkdir(out, { recursive: true });
  await writeFileAtomic(path, new TextEncoder().encode(text));
  return path;
}
