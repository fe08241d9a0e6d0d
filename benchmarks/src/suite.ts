/** What a suite of benchmarks gets, and how it leaves its figures. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '@infnet/core';
import { writeFileAtomic } from '@infnet/node';
import type { BenchOptions } from './options.js';

/** Measures, prints, and writes its figures into the folder. */
export type Suite = (context: Context, options: BenchOptions) => Promise<void>;

/** A line of progress that overwrites itself. */
export function progress(what: string): (done: number, total: number) => void {
  return (done, total) => {
    process.stderr.write(`\r${what} ${done} of ${total}${done === total ? '\n' : ''}`);
  };
}

/** Writes figures, with adapter, date and sizes, as `out/<name>-<adapter>-<batch>x<size>.json` and returns the path. */
export function writeResult(
  { adapter }: Context,
  { out, batch, size, runs }: BenchOptions,
  name: string,
  figures: object,
): Promise<string> {
  const result = { adapter, date: new Date().toISOString(), size, batch, runs, ...figures };
  return writeText(out, `${name}-${adapter.kind}-${batch}x${size}.json`, `${JSON.stringify(result, null, 1)}\n`);
}

/** Writes a file into the folder of the results and returns its path. */
export async function writeText(out: string, name: string, text: string): Promise<string> {
  const path = join(out, name);
  await mkdir(out, { recursive: true });
  await writeFileAtomic(path, new TextEncoder().encode(text));
  return path;
}
