/** Files that failed, said as they do: what happened, and what to do about it, once for each advice. */
import { printable } from '@infnet/core';
import type { Reason } from './errors.js';
import type { Progress } from './progress.js';

export class FailureTeller {
  readonly #progress: Pick<Progress, 'line'>;
  readonly #advised = new Set<string>();

  constructor(progress: Pick<Progress, 'line'>) {
    this.#progress = progress;
  }

  tell(file: string, { code, message, fix }: Reason): void {
    this.#progress.line(`infnet: ${printable(file)} failed: [${code}] ${message}`);
    if (fix === undefined || this.#advised.has(fix)) return;
    this.#advised.add(fix);
    this.#progress.line(`  Fix: ${fix}`);
  }
}
