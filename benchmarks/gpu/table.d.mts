export interface Summary {
  readonly median: number;
  readonly smallest: number;
  readonly largest: number;
  readonly runs: number;
}
export type Ratio = Omit<Summary, 'runs'>;
export interface PeerResult {
  readonly wall?: readonly number[];
  readonly device?: readonly (number | null)[];
  readonly error?: string;
  readonly memory?: number;
  readonly difference?: number;
}
export interface CaseResult {
  readonly title: string;
  readonly flops: number;
  readonly reference: string;
  readonly peers: Readonly<Record<string, PeerResult>>;
}
export interface ComparisonRow {
  readonly case: string;
  readonly peer: string;
  readonly error?: string;
  readonly wall?: Summary;
  readonly device?: Summary;
  readonly wallRatio?: Ratio;
  readonly deviceRatio?: Ratio;
  readonly gigaflops?: number;
}
export interface LayerResults {
  readonly totals: Readonly<Record<string, { readonly gflopsPerSecond: number }>>;
  readonly layers: readonly {
    readonly label: string;
    readonly count: number;
    readonly gflop: number;
    readonly passes: { readonly forward: { readonly gflopsPerSecond: number } };
  }[];
}
export function summary(samples: readonly number[]): Summary | undefined;
export function ratio(samples: readonly number[], reference: readonly number[]): Ratio | undefined;
export function comparisonRows(results: readonly CaseResult[]): ComparisonRow[];
export function comparisonTable(results: readonly CaseResult[]): string[];
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string[];
export function layerTable(layers: LayerResults, peak: number): string[];
export function readTally(log: string): {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
};
