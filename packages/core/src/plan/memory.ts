/**
 * Memory by liveness: storages whose lives do not overlap share one GPU buffer.
 *
 * Largest first, each storage goes into the first buffer whose occupants are all dead while it lives, so a buffer is
 * never smaller than what comes later. (Whole buffers rather than ranges of one: WebGPU tracks usage per buffer, and a
 * dispatch may not read and write one buffer through two bindings.)
 */
import type { Dispatch, Storage } from '../graph/operator.js';
import { FirstFit, type Lifetime } from './first-fit.js';

/** One GPU buffer and the storages that take turns in it. */
export interface Allocation {
  readonly bytes: number;
  readonly storages: readonly Storage[];
}

/**
 * Lifetimes from the dispatches that use each storage. Inputs live from the start; the caller keeps what is returned.
 */
export function lifetimes(dispatches: readonly Dispatch[]): Map<Storage, Lifetime> {
  const lives = new Map<Storage, Lifetime>();
  dispatches.forEach((dispatch, at) => {
    for (const { storage } of Object.values(dispatch.operands)) {
      const first = lives.get(storage)?.first ?? (storage.kind === 'input' ? 0 : at);
      lives.set(storage, { first, last: at });
    }
  });
  return lives;
}

export function allocate(lives: ReadonlyMap<Storage, Lifetime>): Allocation[] {
  const bySize = [...lives].sort(([a], [b]) => b.bytes - a.bytes || a.id - b.id);
  const buffers: { bytes: number; storages: Storage[] }[] = [];
  const turns = new FirstFit();
  for (const [storage, life] of bySize) {
    const index = turns.take(life);
    buffers[index] ??= { bytes: storage.bytes, storages: [] };
    buffers[index].storages.push(storage);
  }
  return buffers;
}

/** The largest number of bytes that are alive at once: no allocation can do with less. */
export function liveBytesBound(lives: ReadonlyMap<Storage, Lifetime>): number {
  const changes = new Map<number, number>();
  for (const [storage, { first, last }] of lives) {
    changes.set(first, (changes.get(first) ?? 0) + storage.bytes);
    changes.set(last + 1, (changes.get(last + 1) ?? 0) - storage.bytes);
  }
  let live = 0;
  let peak = 0;
  for (const [, change] of [...changes].sort(([a], [b]) => a - b)) {
    live += change;
    peak = Math.max(peak, live);
  }
  return peak;
}
