/** What came of each file so far. */
import { reasonOn } from '../../errors.js';
import { FailureTeller } from '../../failures.js';
import type { Progress } from '../../progress.js';
import type { SliceFile } from './inputs.js';
import type { FailedSlice, SliceReport } from './summary.js';

type Failed = { readonly failed: FailedSlice };

/** @typeParam R what is told of a file that did not fail */
export class Reports<R extends object = Exclude<SliceReport, Failed>> {
  readonly #byFile = new Map<SliceFile, R | Failed>();
  readonly #teller: FailureTeller;
  /** When the first file's results were written; a time of `performance.now()`. */
  firstResultAt: number | undefined;
  /** The error with which the device was lost: nothing more can be computed. */
  lost: unknown;

  constructor(progress: Progress) {
    this.#teller = new FailureTeller(progress);
  }

  get size(): number {
    return this.#byFile.size;
  }

  add(file: SliceFile, report: R): void {
    this.#byFile.set(file, report);
    this.firstResultAt ??= performance.now();
  }

  fail(file: SliceFile, error: unknown): void {
    const reason = reasonOn(file.path, error);
    this.#byFile.set(file, { failed: { file: file.path, ...reason } });
    this.#teller.tell(file.path, reason);
  }

  /** Those of `files` that are done or failed, in their order. */
  of(files: readonly SliceFile[]): (R | Failed)[] {
    return files.flatMap((file) => this.#byFile.get(file) ?? []);
  }
}
