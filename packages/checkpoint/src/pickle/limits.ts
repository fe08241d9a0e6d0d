import { checkpointError } from '../errors.js';

/**
 * How much a pickle may do. Whatever it makes is paid from a budget in proportion to the file, by what V8 takes for it
 * on 64 bits ({@link COST}, measured and rounded up), whether it is kept or not: an opcode of one byte may make an
 * object of a hundred. The counts bound the time. The largest published nets need some hundred thousand opcodes.
 */
export interface PickleLimits {
  readonly opcodes: number;
  /** Dictionaries, lists, tuples, tensors, storages. */
  readonly objects: number;
  readonly memo: number;
  /** Open MARKs, that is, nesting. */
  readonly depth: number;
}

export const PICKLE_LIMITS: PickleLimits = { opcodes: 8_000_000, objects: 1_000_000, memo: 2_000_000, depth: 1000 };

/** Bytes in memory. */
export const COST = {
  /** A place on the stack, or in a list, tuple or set: arrays grow by half and are copied then. */
  place: 24,
  /** A tuple, list or set with its array, an empty dictionary, a tensor, a name. */
  object: 160,
  /** An entry of a dictionary or of the memo: a Map's. */
  entry: 64,
  /** A number that is no small integer, or the head of a text. */
  value: 24,
  /** A view of bytes. */
  view: 240,
} as const;

/** What a small pickle may take, and a larger one for each byte. */
const FREE = 2 ** 23;
const PER_BYTE = 3;

/** Counts what has been used, over all pickles of a file. */
export class PickleMeter {
  opcodes = 0;
  objects = 0;
  #left: number;

  /** @param length bytes of the file, to which its memory is in proportion */
  constructor(
    readonly limits: PickleLimits = PICKLE_LIMITS,
    length: number = Number.POSITIVE_INFINITY,
  ) {
    this.#left = FREE + PER_BYTE * length;
  }

  /** Pays for memory. */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw exceeded('values', 'its bytes can stand for');
  }

  opcode(): void {
    if (++this.opcodes > this.limits.opcodes) throw exceeded('opcodes', this.limits.opcodes);
  }

  object(): void {
    if (++this.objects > this.limits.objects) throw exceeded('objects', this.limits.objects);
    this.spend(COST.object);
  }

  memo(size: number): void {
    if (size > this.limits.memo) throw exceeded('memo entries', this.limits.memo);
  }

  depth(marks: number): void {
    if (marks > this.limits.depth) throw exceeded('nested structures', this.limits.depth);
  }
}

function exceeded(what: string, limit: number | string): Error {
  return checkpointError(
    'CHECKPOINT_LIMIT',
    typeof limit === 'number'
      ? `The pickle in the file has more than ${limit} ${what}; no state dict needs that.`
      : `The pickle in the file makes more ${what} than ${limit}; no state dict does that.`,
    'Save the state dict alone: torch.save(model.state_dict(), "weights.pth").',
    { what, limit },
  );
}
