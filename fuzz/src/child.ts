/**
 * The process that reads: it may end at any input. Which one that was stands in a file, since nothing can be said any
 * more when the memory is used up.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Format } from './format.js';
import { FORMATS } from './formats/index.js';
import { keep } from './found.js';
import { inputOf, measure, minimise } from './measure.js';
import type { Finding, Job, Result } from './protocol.js';

/** More of one kind in one job tell nothing new. */
const MOST_FINDINGS = 5;

const corpora = new Map<string, readonly Uint8Array[]>();

export function formatOf(name: string): Format {
  const format = FORMATS.find((one) => one.name === name);
  if (format === undefined)
    throw new Error(`no format ${name}; there are ${FORMATS.map((one) => one.name).join(', ')}`);
  return format;
}

async function run({ format: name, seed, from, count, until, marker }: Job): Promise<Result> {
  const format = formatOf(name);
  const corpus = corpora.get(name) ?? format.corpus();
  corpora.set(name, corpus);
  const fd = openSync(marker, 'r+');
  const codes = new Set<string>();
  const findings: Finding[] = [];
  let [read, slowest, most] = [0, 0, 0];
  let index = from;
  for (; index < from + count && Date.now() < until; index++) {
    writeSync(fd, `${index}\n`, 0);
    const bytes = inputOf(format, corpus, seed, index);
    const isHard = index < (format.hard?.length ?? 0);
    const { fault, code, message = '', milliseconds, taken } = await measure(format, bytes, isHard);
    if (code !== undefined) codes.add(code);
    else if (fault === undefined) read++;
    slowest = Math.max(slowest, milliseconds);
    most = Math.max(most, taken);
    if (fault === undefined || findings.length >= MOST_FINDINGS) continue;
    // One that is made to be hard is what it is.
    const file = keep(name, fault, isHard ? bytes : await minimise(format, bytes, fault));
    const what = fault === 'time' ? `${milliseconds.toFixed(0)} ms` : `${(taken / 2 ** 20).toFixed(1)} MiB`;
    findings.push({ format: name, fault, index, file, message: message || `${what} for ${bytes.length} bytes` });
  }
  closeSync(fd);
  return { inputs: index - from, read, codes: [...codes], slowest, most, findings };
}

// Without a parent there is nobody to tell.
process.on('disconnect', () => process.exit());
process.on('message', (job: Job) => {
  void run(job).then((result) => process.send?.(result));
});
