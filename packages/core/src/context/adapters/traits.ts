/**
 * What is dear and what is cheap on a class of adapters. The rules of operators read these figures, never an adapter's
 * name, so that a new class of GPUs is one file beside this one and a line in `index.ts`.
 *
 * Costs are in multiply-adds: what else an invocation could have computed in that time.
 */
export interface AdapterTraits {
  /** What the class is called, in profiles and reports. */
  readonly name: string;
  /** Rough achieved rates, for submits bounded in time: FLOP per second and bytes per second. */
  readonly estimatedFlops: number;
  readonly estimatedBandwidth: number;
  /** Cost of loading one value from a buffer. */
  readonly loadCost: number;
  /** Cost of one barrier of a workgroup. */
  readonly barrierCost: number;
  /** Values that one invocation loads and adds in the time that a further dispatch takes. */
  readonly dispatchCost: number;
  /** Invocations that must be at work at once to keep the adapter busy. */
  readonly invocations: number;
  /**
   * Values this many bytes apart, or a multiple, push each other out of the first cache while several lanes walk along
   * them; undefined where that was not seen.
   */
  readonly aliasedBytes: number | undefined;
  /** Products of matrices in which the lanes of a subgroup broadcast what they loaded. */
  readonly subgroupProducts: SubgroupProducts;
  /** What Winograd's convolution must save before it pays, by precision; none: it never does. */
  readonly winograd: Readonly<Record<'exact' | 'noisy', readonly WinogradWorth[]>>;
}

/** Tiles of subgroup products to choose from, by what the product is. */
export interface SubgroupProducts {
  /** Few FLOPs: what compiles fast. */
  readonly small: SubgroupTiles;
  /** Source values are read after a test whether they lie inside the image. */
  readonly tested: SubgroupTiles;
  /** Source values are read where they lie. */
  readonly plain: SubgroupTiles;
  /** What neighbouring columns read lies a map apart in memory. Default: as above. */
  readonly apart?: SubgroupTiles;
  /** The same for large maps, read where they lie. */
  readonly farApart?: SubgroupTiles;
}

export interface SubgroupTiles {
  /** Result channels of a tile, and pixels of each lane. */
  readonly tiles: readonly (readonly [channels: number, pixels: number])[];
  /** Steps of the sum that are done at once. */
  readonly unroll: number;
  /** Cost of loading one value in such a loop. */
  readonly weightLoadCost: number;
  readonly sourceLoadCost: number;
}

/** What a 3 x 3 convolution must have for one of Winograd's tiles to pay. */
export interface WinogradWorth {
  /** Side of a result tile. */
  readonly tile: 2 | 4;
  /** Largest share of the multiplications that may be left, padding of tiles counted. */
  readonly share: number;
  /** Least (1 - share) * ic * oc / (ic + oc), for ic source and oc result channels. */
  readonly saved: number;
  /** Fewest tiles of all images. */
  readonly tiles: number;
}

/** Multiply-adds of a lane between two barriers, in a workgroup that shares what its lanes loaded: some hundred. */
const BETWEEN_BARRIERS = 100;

/** Whether it pays that the lanes of a workgroup share values through workgroup memory. */
export function sharesWorkgroupMemory({ barrierCost }: AdapterTraits): boolean {
  return barrierCost < BETWEEN_BARRIERS;
}

/** A load that costs no more than this hides behind arithmetic: reading a value again beats a pass that stores it. */
const HIDDEN_LOAD = 2;

/** Whether reading a value several times costs less than a dispatch that prepares it. */
export function readsAgain({ loadCost }: AdapterTraits): boolean {
  return loadCost <= HIDDEN_LOAD;
}

/** A class of adapters: a file of its own. */
export interface AdapterClass {
  /** Whether an adapter is of this class, by its description in lower case and the one size of its subgroups, or 0. */
  matches(text: string, subgroupSize: number): boolean;
  readonly traits: AdapterTraits;
}

/** Adapters that compute on the CPU. */
export const SOFTWARE: RegExp = /swiftshader|llvmpipe|lavapipe|warp|basic render/;
