/**
 * The state of a run as it lies in its folder: `last`, and the one before it. Each says in its metadata which
 * generation it is and has a checksum; where `last` is damaged, the one before is gone on with.
 *
 * `last` is replaced in one step, after what it had was made `previous`: at every moment both are whole, and one at
 * least is there.
 */
import { hasChecksum, readSafetensors } from '@infnet/checkpoint';
import { InfnetError, isInfnetError } from '@infnet/core';
import { type Checkpoint, checkpointFile, FILES } from './folder.js';
import { readLog } from './log.js';
import type { RunStore } from './store.js';

/** Name in the metadata: what the slices were. */
export const CONTENT = 'content';
/**
 * Name in the metadata: how many lines the log had, and which state of the run it is. The only thing in which states of
 * two runs differ that did the same, one of them with interruptions: so the checksum is not of it, and it says its
 * figures twice.
 */
export const LOG_LINES = 'log_lines';

export function bookkeeping(lines: number, generation: number): string {
  return `${lines} of generation ${generation} (${lines}, ${generation})`;
}

const BOOKKEEPING = /^(\d+) of generation (\d+) \(\1, \2\)$/;

export interface StoredState {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** 0 in states of versions that did not count. */
  readonly generation: number;
  readonly logLines?: number;
  /** What the slices were, see `SlicesContent`; absent in states of versions that did not look. */
  readonly content?: string;
  /** The later state that is damaged, and why: it is not gone on from. */
  readonly damaged?: { readonly file: string; readonly error: unknown };
}

/**
 * The state to continue from, or undefined where there is no `last`.
 *
 * @throws InfnetError `TRAIN_STATE_DAMAGED` where both states are
 */
export async function readState(store: RunStore): Promise<StoredState | undefined> {
  const last = checkpointFile('last');
  const file = store.where(last);
  const bytes = await store.read(last);
  if (bytes === undefined) return undefined;
  try {
    return parsed(bytes, file);
  } catch (error) {
    const damaged = { file, error };
    const before = checkpointFile('previous');
    const older = await store.read(before);
    try {
      if (older !== undefined) return { ...parsed(older, store.where(before)), damaged };
    } catch {
      // Neither is whole.
    }
    throw bothDamaged(store, error);
  }
}

/** @throws InfnetError `CHECKPOINT_...` */
function parsed(bytes: Uint8Array, file: string): StoredState {
  const { metadata } = readSafetensors(bytes, { file });
  const [said = '', content] = [LOG_LINES, CONTENT].map((name) => metadata.get(name));
  const [, lines, generation] = BOOKKEEPING.exec(String(said)) ?? [];
  const told = typeof content === 'string' ? { content } : {};
  if (lines !== undefined && hasChecksum(metadata)) {
    return { file, bytes, generation: Number(generation), logLines: Number(lines), ...told };
  }
  // As older versions wrote it, without a checksum.
  const isOlder = !hasChecksum(metadata) && (said === '' || /^\d+$/.test(String(said)));
  if (isOlder) return { file, bytes, generation: 0, ...(said === '' ? {} : { logLines: Number(said) }) };
  const message = 'What the state says of its log or of its checksum is damaged.';
  throw new InfnetError({ code: 'CHECKPOINT_CORRUPT', message, where: file });
}

function bothDamaged(store: RunStore, cause: unknown): InfnetError {
  const why = isInfnetError(cause) ? cause.code : String(cause);
  return new InfnetError({
    code: 'TRAIN_STATE_DAMAGED',
    message: `The state of the run is damaged (${why}), and the one before it is damaged or missing.`,
    where: store.where(checkpointFile('last')),
    fix: 'Put a whole copy of either back, or start another run from checkpoints/best.safetensors.',
    cause,
  });
}

/**
 * Whether a run without `last` once had a state: then it must not begin again over what it has. A run that was killed
 * before its first state has nothing to lose.
 */
export async function hadState(store: RunStore): Promise<boolean> {
  const checkpoints = await store.list('checkpoints');
  const ofStates: readonly Checkpoint[] = ['previous', 'final', 'supervised'];
  if (ofStates.some((name) => checkpoints.includes(`${name}.safetensors`))) return true;
  return (await readLog(store, FILES.log)).some(({ event }) => event === 'state' || event === 'resume');
}
