export interface Case {
  readonly title: string;
  readonly workload: { readonly kind: 'forward' | 'step'; readonly batch: number; readonly size: number };
  readonly variants: readonly string[];
  readonly flops: number;
}
export function makeCases(options: { readonly size: number; readonly quick: boolean; readonly tuned: boolean }): Case[];
export function shareOf(cases: readonly Case[], index: number, left: number): number;
