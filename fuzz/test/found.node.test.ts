/** Files that once made a reader crash, be slow, or take much memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isInfnetError } from '@infnet/errors';
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../src/formats/index.js';
import { FOUND } from '../src/found.js';
import { inputOf } from '../src/measure.js';

/** Whether it was read; refusals have codes. */
async function isRead(format: (typeof FORMATS)[number], bytes: Uint8Array): Promise<boolean> {
  try {
    expect(await format.read(bytes)).toBeGreaterThanOrEqual(0);
    return true;
  } catch (error) {
    if (!isInfnetError(error)) throw error;
    return false;
  }
}

const files = readdirSync(FOUND).filter((name) => name.endsWith('.bin'));

describe('found files', () => {
  it.each(files)('%s is read or refused with a code', async (name) => {
    const format = FORMATS.find((one) => name.startsWith(`${one.name}.`));
    if (format === undefined) throw new Error(`${name} begins with no format`);
    await isRead(format, new Uint8Array(readFileSync(join(FOUND, name))));
  });
});

describe.each(FORMATS.map((format) => [format.name, format] as const))('%s', (_, format) => {
  const corpus = format.corpus();

  it('has files to begin with that are read', async () => {
    const read = await Promise.all(corpus.map((bytes) => isRead(format, bytes)));
    expect(read.filter(Boolean).length).toBeGreaterThan(corpus.length / 3);
  });

  const { hard = [] } = format;

  it.skipIf(hard.length === 0)('has hard ones below 2 MB, the last of which is refused', async () => {
    expect(await isRead(format, inputOf(format, corpus, 1, 0))).toBe(true);
    const last = inputOf(format, corpus, 1, hard.length - 1);
    expect(last.length).toBeLessThan(2 ** 21);
    expect(await isRead(format, last)).toBe(false);
  });

  it('the same seed gives the same files, which are read or refused', async () => {
    const seen = new Set<boolean>();
    for (let index = hard.length; index < hard.length + 60; index++) {
      const bytes = inputOf(format, corpus, 1, index);
      expect(Buffer.compare(inputOf(format, corpus, 1, index), bytes)).toBe(0);
      seen.add(await isRead(format, bytes));
    }
    expect(seen.size).toBe(2);
  });
});
