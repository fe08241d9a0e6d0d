/** The kernels for plain products of matrices, such as those inside Winograd's convolution. */
import type { KernelAlgorithm } from './algorithm.js';
import { gemm } from './gemm.js';
import { gemmSubgroup } from './gemm-subgroup.js';
import { gemmTiled } from './gemm-tiled.js';

/** From the general to the special. */
export const PRODUCTS: readonly KernelAlgorithm[] = [gemm, gemmTiled, gemmSubgroup];
