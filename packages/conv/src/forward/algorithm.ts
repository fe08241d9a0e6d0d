/** What an algorithm of a gathering product is: a forward convolution, an input gradient or a batched product. */
import type { Attributes, DeviceProfile, Dispatch, LowerContext, Operator, Precision, View } from '@infnet/core';
import type { Kernel, KernelCall } from '@infnet/core/kernels';
import type { Algorithm, Tile, VariantName } from '../algorithm.js';
import type { Epilogue } from './epilogue.js';
import type { Gather } from './gather.js';

/** The kernels that can do any gathering product in one dispatch. */
export type GatherKernel = 'gemm' | 'gemm-subgroup' | 'gemm-tiled' | 'gemm-matrix' | 'direct';

export const GATHER_KERNELS: readonly GatherKernel[] = ['gemm', 'gemm-subgroup', 'gemm-tiled', 'gemm-matrix', 'direct'];

/**
 * An algorithm, perhaps with its tile (`gemm-subgroup`: channels x pixels of a lane x steps at once; `gemm-tiled`,
 * `gemm-matrix`: TILE_M x TILE_N x TILE_K); without, the tile follows from the shape. `winograd2` and `winograd4` are
 * F(2 x 2, 3 x 3) and F(4 x 4, 3 x 3); the others are kernels of one dispatch.
 */
export type ConvolutionAlgorithm = VariantName<GatherKernel | 'winograd2' | 'winograd4'>;

/** What is to be computed, where. */
export interface GatherProblem {
  readonly gather: Gather;
  readonly device: DeviceProfile;
  readonly precision: Precision;
  /**
   * Whether the operands may be rounded to float16: a forward convolution with constant weights at precision `half`.
   */
  readonly rounded: boolean;
}

/**
 * The operands of a convolution by name. `affine` holds a bias [oc] or scale and shift [2, oc], as the epilogue says.
 */
export interface ConvolutionViews {
  readonly x: View;
  readonly weight: View;
  readonly y: View;
  readonly affine?: View | undefined;
  readonly residual?: View | undefined;
  readonly addend?: View | undefined;
  /** Weights already transformed for Winograd. */
  readonly transformedWeight?: View | undefined;
}

/** One product to lower. */
export interface GatherWork {
  readonly gather: Gather;
  readonly views: ConvolutionViews;
  readonly epilogue: Pick<Epilogue, 'affine' | 'relu'>;
  /** FLOPs and bytes to report; they follow from the convolution, not from the tiles. */
  readonly work: Pick<KernelCall, 'flops' | 'bytes'>;
}

export interface GatherAlgorithm extends Algorithm<GatherProblem, GatherKernel | 'winograd2' | 'winograd4'> {
  /** The form in which constant weights are kept for it, as float32 besides the weights: made once. */
  readonly transform?: { readonly operator: Operator; readonly attributes: Attributes };
  /** Whether it reads constant weights better with their result channels last. */
  prefersTransposed?(gather: Gather, device: DeviceProfile): boolean;
  /** Whether it reads a source value so few times that adding while loading costs no more than a pass of its own. */
  readonly readsOnce?: boolean;
  /** Whether it rounds source values to float16. */
  readonly roundsSource?: boolean;
  dispatches(work: GatherWork, context: Pick<LowerContext, 'device' | 'scratch'>, tile?: Tile): Dispatch[];
}

/** A product as one kernel sees it. */
export interface Product {
  readonly gather: Gather;
  readonly device: DeviceProfile;
  /** Pixel grid of one class of result pixels. */
  readonly rows: number;
  readonly columns: number;
  /** Pixels of all images. */
  readonly pixels: number;
  /** Groups times classes: products of one dispatch. */
  readonly layers: number;
  /** Source values are read through taps, and tested whether they lie inside. */
  readonly hasTaps: boolean;
}

/** What one kernel adds to a dispatch. */
export interface Launch {
  readonly constants: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number>>;
  /** Workgroups of one layer. */
  readonly count: number;
}

/** An algorithm that is one dispatch of one kernel. */
export interface KernelAlgorithm extends GatherAlgorithm {
  readonly name: GatherKernel;
  readonly kernel: Kernel;
  /** @throws InfnetError `KERNEL_UNAVAILABLE` where the device lacks what it needs. */
  launch(product: Product, tile: Tile | undefined): Launch;
}
