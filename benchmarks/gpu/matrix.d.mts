import type { Context, Precision, SubgroupMatrix } from '@infnet/core';
import type { Summary } from './table.mjs';
export interface MatrixResults {
  /** Why nothing was measured. */
  readonly cannot?: string;
  readonly matrix?: SubgroupMatrix;
  readonly cases?: readonly {
    readonly batch: number;
    readonly size: number;
    readonly variants: Readonly<
      Record<
        string,
        {
          readonly precision: Precision;
          readonly said: readonly string[];
          readonly onMatrixUnits: number;
          readonly error: number;
          readonly wall: Summary;
        }
      >
    >;
  }[];
}
export function measure(options: {
  readonly plain: Context;
  readonly flagged: Context;
  readonly size: number;
  readonly batches: readonly number[];
  readonly rounds: number;
}): Promise<MatrixResults>;
export function run(options: { readonly size: number; readonly quick: boolean }): Promise<MatrixResults>;
