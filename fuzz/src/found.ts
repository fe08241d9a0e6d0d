/** The folder of found files, which the tests read again. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './fixtures.js';
import type { Fault } from './measure.js';

export const FOUND: string = join(root, 'fuzz', 'found');

/** Keeps a file; its name says the format and what it did. */
export function keep(format: string, fault: Fault, bytes: Uint8Array): string {
  mkdirSync(FOUND, { recursive: true });
  const file = join(FOUND, `${format}.${fault}.${createHash('sha256').update(bytes).digest('hex').slice(0, 10)}.bin`);
  writeFileSync(file, bytes);
  return file;
}
