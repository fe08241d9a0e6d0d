/** One input: what comes of it, in how much CPU time and memory. */
import { isInfnetError } from '@infnet/errors';
import { MOST_BYTES, mutateBytes } from './bytes.js';
import type { Format } from './format.js';
import { usedBytes } from './memory.js';
import { Random } from './random.js';

/** What no reader may do. */
export type Fault = 'crash' | 'time' | 'memory';

export interface Outcome {
  readonly fault?: Fault;
  /** Of a crash: what was thrown. */
  readonly message?: string;
  /** Of a refusal. */
  readonly code?: string;
  readonly milliseconds: number;
  /** Bytes taken beyond what the file declared and held. */
  readonly taken: number;
}

/** Beyond four times the file; in bytes. */
const FREE_BYTES = 2 ** 24;
/** CPU time of any file, and of each megabyte: a second for two. */
const FREE_MILLISECONDS = 100;
const MILLISECONDS = 450;
/** CPU time of the {@link Format.hard} files. */
const HARD_MILLISECONDS = 1000;

/** Input number `index`: the hard ones first, then others, the same for the same seed. */
export function inputOf(format: Format, corpus: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const hard = format.hard?.[index];
  if (hard !== undefined) return hard();
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b) ^ (index >>> 7));
  const file = random.pick(corpus);
  const bytes = format.mutate(file, random);
  return bytes.length <= MOST_BYTES ? bytes : mutateBytes(file, random);
}

/**
 * Reads it; what seems slow or large is looked at again, since another's work or a full heap may have been to blame.
 */
export async function measure(format: Format, bytes: Uint8Array, isHard = false): Promise<Outcome> {
  const most = isHard ? HARD_MILLISECONDS : FREE_MILLISECONDS + (MILLISECONDS * bytes.length) / 2 ** 20;
  let outcome = await measureOnce(format, bytes, most);
  for (let n = 0; n < 2 && (outcome.fault === 'time' || outcome.fault === 'memory'); n++) {
    globalThis.gc?.();
    outcome = await measureOnce(format, bytes, most);
  }
  return outcome;
}

async function measureOnce(format: Format, bytes: Uint8Array, most: number): Promise<Outcome> {
  const before = usedBytes();
  const start = process.cpuUsage();
  let [held, code, message]: [number, string?, string?] = [0];
  try {
    held = await format.read(bytes);
  } catch (error) {
    if (isInfnetError(error)) code = error.code;
    else message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(start);
  const milliseconds = (user + system) / 1000;
  const taken = usedBytes() - before - held - (format.own ?? 0);
  const common = { milliseconds, taken, ...(code === undefined ? {} : { code }) };
  if (message !== undefined) return { ...common, fault: 'crash', message };
  if (milliseconds > most) return { ...common, fault: 'time' };
  if (taken > FREE_BYTES + 4 * bytes.length) return { ...common, fault: 'memory' };
  return common;
}

/** A shorter file with the same fault: pieces are taken out, from large ones to single bytes. */
export async function minimise(format: Format, bytes: Uint8Array, fault: Fault, most = 400): Promise<Uint8Array> {
  let best = bytes;
  let tries = most;
  for (let size = best.length >> 1; size >= 1 && tries > 0; size >>= 1) {
    for (let at = 0; at < best.length && tries > 0; ) {
      const shorter = new Uint8Array(best.length - Math.min(size, best.length - at));
      shorter.set(best.subarray(0, at));
      shorter.set(best.subarray(Math.min(best.length, at + size)), at);
      tries--;
      if ((await measure(format, shorter)).fault === fault) best = shorter;
      else at += size;
    }
  }
  return best;
}
