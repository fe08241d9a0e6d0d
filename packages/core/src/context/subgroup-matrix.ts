/**
 * Matrix units ("tensor cores") as WebGPU shows them: Dawn's experimental feature
 * `chromium-experimental-subgroup-matrix`.
 *
 * EXPERIMENTAL: kernels that use it were compiled and emulated, but not yet run on a card. So nothing is asked of an
 * adapter unless `open({ experimental: { subgroupMatrix: true } })` says so.
 */

/** The sizes that one multiplication of subgroup matrices has: [M, K] x [K, N], float16 with float32 sums. */
export interface SubgroupMatrix {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** Lanes of a subgroup; all subgroups have as many. */
  readonly subgroupSize: number;
  /** For tests: kernels take plain WGSL in place of the builtins, so that any device runs them. */
  readonly emulated?: boolean;
}

/** Opt-in for what may change or fail; nothing of it is used otherwise. */
export interface ExperimentalOptions {
  /** Tensor cores at precision `half`, where the adapter has `chromium-experimental-subgroup-matrix`. Default false. */
  readonly subgroupMatrix?: boolean;
}

export const SUBGROUP_MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;

/** What an adapter multiplies, an element of its `info.subgroupMatrixConfigs`. */
export interface SubgroupMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What of an adapter's or a device's info is read here. */
export type SubgroupMatrixInfo = Partial<Pick<GPUAdapterInfo, 'subgroupMinSize' | 'subgroupMaxSize'>> & {
  readonly subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig>;
};

const SUBGROUP_SIZES: readonly number[] = [16, 32, 64, 128];
const SIDES: readonly number[] = [8, 16];
const DEPTHS: readonly number[] = [8, 16, 32];

/**
 * The largest multiplication that kernels can use, the adapter's own order deciding between equals: float16 with
 * float32 sums, sides that divide the kernels' tiles. Or, as a text, why there is none.
 */
export function chooseSubgroupMatrix(features: ReadonlySet<string>, info: SubgroupMatrixInfo): SubgroupMatrix | string {
  for (const feature of [SUBGROUP_MATRIX_FEATURE, 'subgroups', 'shader-f16'])
    if (!features.has(feature)) return `the adapter does not offer ${feature}`;
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = info;
  if (subgroupMinSize !== subgroupMaxSize || !SUBGROUP_SIZES.includes(subgroupMaxSize))
    return `subgroups have ${subgroupMinSize} to ${subgroupMaxSize} lanes, not one of ${SUBGROUP_SIZES.join(', ')}`;
  const configs = [...(info.subgroupMatrixConfigs ?? [])];
  const [best] = configs
    .filter(({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32')
    .filter(({ M, N, K }) => SIDES.includes(M) && SIDES.includes(N) && DEPTHS.includes(K))
    .sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
  if (best === undefined)
    return `none of the adapter's sizes fits: ${configs.map(describeConfig).join(', ') || 'it has none'}`;
  const { M, N, K } = best;
  return { M, N, K, subgroupSize: subgroupMaxSize };
}

function describeConfig({ componentType, resultComponentType, M, N, K }: SubgroupMatrixConfig): string {
  return `${componentType} to ${resultComponentType} ${M}x${N}x${K}`;
}
