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

  it('the same seed gives the same files, which are read or refused', async () => {
    const seen = new Set<boolean>();
    for (let index = 0; index < 60; index++) {
      const bytes = inputOf(format, corpus, 1, index);
      expect(Buffer.compare(inputOf(format, corpus, 1, index), bytes)).toBe(0);
      seen.add(await isRead(format, bytes));
    }
    expect(seen.size).toBe(2);
  });
});
