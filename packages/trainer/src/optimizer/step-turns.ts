/**
 * Steps of one optimiser one after the other, and what is taken back when one of several batches fails.
 *
 * A step may be several runs (accumulated gradients). Parameters and moments move in the last of them, but the running
 * statistics of batch norm in each, because the next batch reads them. So they are copied before the first batch, and
 * put back when a later one is not finite, cannot be run, or never comes: such a step changes nothing.
 *
 * Runs of several plans (scales, batch sizes) share one optimiser. A run that is not awaited would compute Adam's
 * corrections from the step count before the run in progress, so each asks for them when the one before has reported.
 */
import { InfnetError, type ParameterStore } from '@infnet/core';

/** Which batch of a step, from 0. */
export interface StepBatch {
  readonly index: number;
  readonly of: number;
}

const COPY_BOTH = 0x08 | 0x04; // COPY_DST | COPY_SRC

export class StepTurns {
  readonly #parameters: ParameterStore;
  /** Copies of the slabs that hold running statistics. */
  #copies: ReadonlyMap<GPUBuffer, GPUBuffer> | undefined;
  #last: Promise<void> | undefined;
  /** The step of several batches that has begun, and the batch that must come next. */
  #open: StepBatch | undefined;
  /** Whether a batch of it was not finite. */
  #isVoid = false;

  constructor(parameters: ParameterStore) {
    this.#parameters = parameters;
  }

  /** Bytes of the copies. */
  get bytes(): number {
    return [...(this.#copies?.values() ?? [])].reduce((sum, { size }) => sum + size, 0);
  }

  /** Settles when the last run that was called, of whatever plan, has reported; undefined when all have. */
  get last(): Promise<void> | undefined {
    return this.#last;
  }

  /** Makes room for the copies: steps of several batches will come. */
  prepare(): void {
    const { context, slabs } = this.#parameters;
    this.#copies ??= new Map(
      slabs
        .filter(({ role }) => role === 'buffer')
        .map((slab) => {
          const { buffer } = this.#parameters.slot(slab);
          const label = `${slab.name} before the step`;
          return [buffer, context.createBuffer({ label, size: buffer.size, usage: COPY_BOTH })];
        }),
    );
  }

  /** Takes a run into account that was just called. */
  add<T>(run: Promise<T>): Promise<T> {
    const ended = run
      .catch(() => {})
      .then(() => {
        if (this.#last === ended) this.#last = undefined;
      });
    this.#last = ended;
    return run;
  }

  /**
   * Before a batch runs. True when its step is void already: it may run, but must change nothing.
   *
   * @throws InfnetError `TRAINING_BATCH` for a batch that does not follow the one before it.
   */
  begin({ index, of }: StepBatch): boolean {
    if (index === 0) {
      this.#putBack();
      this.#isVoid = false;
      if (of > 1) {
        this.#copy((buffer, copy) => [buffer, copy]);
        this.#open = { index: 0, of };
      }
    } else if (this.#open?.index !== index || this.#open.of !== of) {
      const expected = this.#open === undefined ? 'no step has begun' : `batch ${this.#open.index} of ${this.#open.of}`;
      throw new InfnetError({
        code: 'TRAINING_BATCH',
        message: `batch ${index} of ${of} does not follow: ${expected}${this.#open === undefined ? '' : ' must come next'}`,
        fix: 'Run the batches of a step in order, from 0 to of - 1; after an error begin again with batch 0.',
      });
    }
    return this.#isVoid;
  }

  /** After a batch has run: whether it was finite. What a void step moved is put back. */
  end({ index, of }: StepBatch, finite: boolean): void {
    if (of === 1) return;
    this.#isVoid ||= !finite;
    if (this.#isVoid) this.#restore();
    this.#open = index === of - 1 ? undefined : { index: index + 1, of };
  }

  /** After a batch could not be run. */
  fail(): void {
    this.#putBack();
  }

  dispose(): void {
    for (const copy of this.#copies?.values() ?? []) this.#parameters.context.destroyBuffer(copy);
    this.#copies = undefined;
  }

  /** A step that was begun and not ended has not been. */
  #putBack(): void {
    if (this.#open !== undefined && this.#parameters.context.status === 'alive') this.#restore();
    this.#open = undefined;
  }

  #restore(): void {
    this.#copy((buffer, copy) => [copy, buffer]);
    this.#parameters.markChanged();
  }

  #copy(direction: (buffer: GPUBuffer, copy: GPUBuffer) => readonly [from: GPUBuffer, to: GPUBuffer]): void {
    if (this.#copies === undefined || this.#copies.size === 0) return;
    const { device } = this.#parameters.context;
    const encoder = device.createCommandEncoder({ label: 'running statistics' });
    for (const [buffer, copy] of this.#copies) {
      const [from, to] = direction(buffer, copy);
      encoder.copyBufferToBuffer(from, 0, to, 0, buffer.size);
    }
    device.queue.submit([encoder.finish()]);
  }
}
