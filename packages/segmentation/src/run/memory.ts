/** What a training takes on the device: as it was predicted, and as it is. */
import type { Context } from '@infnet/core';
import type { TrainingMemory } from '@infnet/trainer';

export class RunMemory {
  #predicted: TrainingMemory | undefined;
  #allocated: number | undefined;

  /** What a run's document says of it. */
  get document(): { readonly predicted: TrainingMemory | null; readonly allocatedBytes: number | null } {
    return { predicted: this.#predicted ?? null, allocatedBytes: this.#allocated ?? null };
  }

  /** A line to tell; undefined where it is known. */
  predicted(memory: TrainingMemory): string | undefined {
    const { total, parameters, optimizer, step } = memory;
    if (this.#predicted?.total === total) return undefined;
    this.#predicted = memory;
    this.#allocated = undefined;
    return (
      `a training step needs ${megabytes(total)} on the device: parameters ${megabytes(parameters)}, ` +
      `optimiser ${megabytes(optimizer)}, maps and gradients ${megabytes(step)}`
    );
  }

  /**
   * What is really allocated once the first step has run, before any validation: a line; undefined where it is known.
   */
  allocated(context: Context | undefined): string | undefined {
    if (this.#allocated !== undefined) return undefined;
    this.#allocated = context?.memory.bytes ?? 0;
    return `allocated: ${megabytes(this.#allocated)}`;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
