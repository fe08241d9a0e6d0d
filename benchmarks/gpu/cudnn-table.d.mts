export interface OwnLayers {
  readonly layers: readonly {
    readonly label: string;
    readonly count: number;
    readonly gflop: number;
    readonly passes: Readonly<Partial<Record<string, { readonly milliseconds: { readonly median: number } }>>>;
  }[];
}
export interface CudnnLayers {
  readonly batch: number;
  readonly size: number;
  readonly cannot?: string;
  readonly device?: string;
  readonly torch?: string;
  readonly cudnn?: number | null;
  readonly leftOut?: number;
  readonly layers?: readonly {
    readonly label: string;
    readonly count: number;
    readonly gflop: number;
    readonly cannot?: string;
    readonly modes?: Readonly<Record<'fp32' | 'tf32', Readonly<Record<string, readonly number[]>>>>;
    readonly tf32Difference?: Readonly<Record<string, number>>;
  }[];
}
export function cudnnTable(ours: OwnLayers, cudnn: CudnnLayers): string[];
