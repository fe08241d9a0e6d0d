/** What came of each file so far. */
import type { DonePicture, DoneVolume } from '@infnet/segmentation';
import { type FailedFile, reasonOn } from '../../errors.js';
import { FailureTeller } from '../../failures.js';
import type { Progress } from '../../progress.js';
import type { SliceFile } from './inputs.js';

export type Report =
  | { readonly picture: DonePicture }
  | { readonly volume: DoneVolume }
  | { readonly failed: FailedFile };

type Told = Pick<SliceFile, 'path'>;

export class AllReports {
  readonly #byPath = new Map<string, Report>();
  readonly #teller: FailureTeller;
  /** When the first file's results were written; a time of `performance.now()`. */
  firstResultAt: number | undefined;
  /** The error with which the device was lost: nothing more can be computed. */
  lost: unknown;

  constructor(progress: Progress) {
    this.#teller = new FailureTeller(progress);
  }

  get size(): number {
    return this.#byPath.size;
  }

  has({ path }: Told): boolean {
    return this.#byPath.has(path);
  }

  add({ path }: Told, report: DonePicture | DoneVolume): void {
    this.#byPath.set(path, 'volume' in report ? { volume: report } : { picture: report });
    this.firstResultAt ??= performance.now();
  }

  fail({ path }: Told, error: unknown): void {
    const reason = reasonOn(path, error);
    this.#byPath.set(path, { failed: { file: path, ...reason } });
    this.#teller.tell(path, reason);
  }

  /** Those of `files` that are done or failed, in their order. */
  of(files: readonly SliceFile[]): Report[] {
    return files.flatMap(({ path }) => this.#byPath.get(path) ?? []);
  }
}
