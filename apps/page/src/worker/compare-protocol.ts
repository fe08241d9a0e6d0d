/** What the worker does for Compare. */
import type { Method, Progress } from '../protocol.js';

export type LibraryName = 'infnet' | 'tfjs' | 'onnxruntime-web';

export interface CompareRow {
  /** What was computed, e.g. `conv 3×3, 64 to 64 channels, 88×88`. */
  readonly name: string;
  readonly library: LibraryName;
  readonly gflop: number;
  /** Median, smallest and largest of the runs: input in, result out. */
  readonly milliseconds: readonly [median: number, low: number, high: number] | undefined;
  /** How often it was timed. */
  readonly runs: number;
  /** Largest absolute difference from infnet's result, over the largest absolute value of it. */
  readonly difference: number | undefined;
  /** Why there is no figure, in plain words. */
  readonly cannot: string | undefined;
}

export interface CompareResult {
  readonly adapter: string;
  readonly runs: number;
  readonly date: string;
  readonly userAgent: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly CompareRow[];
}

export interface CompareMethods {
  compare: Method<
    { readonly runs: number },
    CompareResult,
    { readonly progress: Progress } | { readonly row: CompareRow }
  >;
}
