import { InfnetError } from '@infnet/errors';
import type { Context } from '../context/context.js';
import { Turns } from '../context/turns.js';

/**
 * Memory for the intermediates of several plans that never run at the same time: training at three scales then needs
 * the memory of the largest. Prepare the largest plan first. What one plan computed is lost when another runs, so read
 * outputs back in the run that made them. Runs that are submitted piece by piece (`signal`, `onProgress`) keep the
 * others waiting.
 */
export class BufferArena implements Disposable {
  readonly context: Context;
  /** A plan takes its largest buffer first, so these are nearly in order of size. */
  readonly #buffers: GPUBuffer[] = [];
  /** Runs that have something to submit yet. */
  readonly turns: Turns = new Turns();
  #disposed = false;
  readonly #usage: number = 0x80 | 0x08 | 0x04; // STORAGE | COPY_DST | COPY_SRC

  constructor(context: Context) {
    context.assertAlive('BufferArena');
    this.context = context;
    context.adopt(this);
  }

  /** Bytes of all buffers. */
  get bytes(): number {
    return this.#buffers.reduce((total, { size }) => total + size, 0);
  }

  /** The buffer for a plan's `index`-th one, of at least `bytes`. Different indices give different buffers. */
  take(index: number, bytes: number): GPUBuffer {
    this.assertUsable('BufferArena.take');
    const known = this.#buffers[index];
    if (known !== undefined && known.size >= bytes) return known;
    const label = `arena buffer of ${bytes} bytes`;
    const made = this.context.createBuffer({ label, size: bytes, usage: this.#usage });
    this.#buffers.splice(index, 0, made);
    return made;
  }

  /** @throws InfnetError `ARENA_DISPOSED`. */
  assertUsable(where: string): void {
    if (!this.#disposed) return;
    throw new InfnetError({
      code: 'ARENA_DISPOSED',
      message: 'the arena was disposed',
      where,
      fix: 'Dispose an arena after every plan that uses it.',
    });
  }

  /** Frees the memory; plans that use it must not run any more. Idempotent. */
  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#buffers.splice(0)) this.context.destroyBuffer(buffer);
    this.context.release(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
