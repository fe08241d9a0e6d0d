import { checkpointError } from '../errors.js';

/**
 * How much a pickle may do. The largest published nets need some hundred thousand opcodes; a file full of one-byte
 * opcodes that each make an object would otherwise fill the memory.
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

/** Counts what has been used, over all pickles of a file. */
export class PickleMeter {
  opcodes = 0;
  objects = 0;

  constructor(readonly limits: PickleLimits = PICKLE_LIMITS) {}

  opcode(): void {
    if (++this.opcodes > this.limits.opcodes) throw exceeded('opcodes', this.limits.opcodes);
  }

  object(): void {
    if (++this.objects > this.limits.objects) throw exceeded('objects', this.limits.objects);
  }

  memo(size: number): void {
    if (size > this.limits.memo) throw exceeded('memo entries', this.limits.memo);
  }

  depth(marks: number): void {
    if (marks > this.limits.depth) throw exceeded('nested structures', this.limits.depth);
  }
}

function exceeded(what: string, limit: number): Error {
  return checkpointError(
    'CHECKPOINT_LIMIT',
    `The pickle in the file has more than ${limit} ${what}; no state dict needs that.`,
    'Save the state dict alone: torch.save(model.state_dict(), "weights.pth").',
    { what, limit },
  );
}
