/** What was noticed in a file that was read all the same, in the command line's words. */

import { printable } from '@infnet/core';
import type { DataNote } from '@infnet/data';
import { noteText } from '../../data-notes.js';
import type { Progress } from '../../progress.js';
import type { SliceFile } from './inputs.js';

/** Lines of one kind; a folder of 300 slices of one scanner would otherwise say the same 300 times. */
const TOLD = 3;

/** Says notes on stderr as they come, and at the end how many were left out. */
export class NoteTeller {
  readonly #progress: Pick<Progress, 'line'>;
  readonly #told = new Map<DataNote['code'], number>();

  constructor(progress: Pick<Progress, 'line'>) {
    this.#progress = progress;
  }

  tell({ path }: Pick<SliceFile, 'path'>, notes: readonly DataNote[]): void {
    for (const note of notes) {
      const count = (this.#told.get(note.code) ?? 0) + 1;
      this.#told.set(note.code, count);
      if (count <= TOLD) this.#progress.line(`infnet: ${printable(path)}: ${noteText(note)}`);
    }
  }

  finish(): void {
    for (const [code, count] of this.#told) {
      if (count > TOLD)
        this.#progress.line(`infnet: ${count - TOLD} more notes of this kind (${code}); --json has all`);
    }
    this.#told.clear();
  }
}
