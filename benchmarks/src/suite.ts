/** What a suite of benchmarks gets, and how it leaves its figures. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '@infnet/core';
import { writeFileAtomic } from '@infnet/node';
import type { Section } from '@infnet/report';
import type { BenchOptions } from './options.js';
import { sectionLines } from './text.js';

/** Measures, prints, and writes its figures into the folder. */
export type Suite = (context: Context, options: BenchOptions) => Promise<void>;

/** A line of progress that overwrites itself. */
export function progress(what: string): (done: number, total: number) => void {
  return (done, total) => {
    process.stderr.write(`\r${what} ${done} of ${total}${done === total ? '\n' : ''}`);
  };
}

/**
 * Prints sections, and writes the figures with adapter, date and sizes as `out/<name>-<adapter>-<batch>x<size>.json`.
 */
export async function leave(
  { adapter }: Context,
  { out, batch, size, runs }: BenchOptions,
  name: string,
  figures: object,
  sections: readonly Section[],
): Promise<void> {
  console.log([adapter.message, ...sections.flatMap(sectionLines)].join('\n'));
  const result = { adapter, date: new Date().toISOString(), size, batch, runs, ...figures };
  const file = `${name}-${adapter.kind}-${batch}x${size}.json`;
  console.log(`\nWritten: ${await writeText(out, file, `${JSON.stringify(result, null, 1)}\n`)}`);
}

/** Writes a file into the folder of the results and returns its path. */
export async function writeText(out: string, name: string, text: string): Promise<string> {
  const path = join(out, name);
  await mkdir(out, { recursive: true });
  await writeFileAtomic(path, new TextEncoder().encode(text));
  return path;
}
