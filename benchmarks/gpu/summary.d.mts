import type { CudnnLayers } from './cudnn-table.mjs';
import type { MatrixResults } from './matrix.mjs';
import type { CaseResult, LayerResults } from './table.mjs';
export interface RunResults {
  readonly card?: string;
  readonly tests?: { readonly passed: number; readonly failed: number; readonly skipped: number };
  readonly failures: readonly string[];
  readonly ceilings?: { readonly multiplyAdds: number; readonly bandwidth: number };
  readonly layers: readonly (LayerResults & { readonly batch: number; readonly size: number })[];
  readonly cudnn: readonly CudnnLayers[];
  readonly matrix?: MatrixResults;
  readonly compare?: { readonly results: readonly CaseResult[] };
}
export function statedPeak(name: string): number | undefined;
export function collect(run: {
  readonly about: object;
  readonly outcomes: Readonly<Record<string, { readonly outcome: string; readonly seconds: number }>>;
  readonly logs: Readonly<Record<string, string | undefined>>;
  readonly figures: Readonly<Record<string, string>>;
  readonly seconds: number;
}): RunResults;
export function report(results: RunResults): string[];
