/** What the convolution kernels do to a sum before they store it. */
import type { OperandRange } from '@infnet/core/kernels';

/** What is done to a sum before it is stored: `act(sum * scale + shift + residual)`. */
export interface Epilogue {
  /** `bias`: a binding `bias` [oc]. `scaleShift`: a binding `affine` [2, oc], scale then shift. Default `none`. */
  readonly affine?: 'none' | 'bias' | 'scaleShift';
  /** Elements before the first of `bias` or `affine`. Default 0. */
  readonly affineOffset?: number;
  /** A binding `residual` of the output's shape is added. */
  readonly residual?: OperandRange | undefined;
  readonly relu?: boolean;
}

const AFFINE = { none: 0, bias: 1, scaleShift: 2 } as const;

/** `struct Params` of an epilogue and its constants, as all convolution kernels name them. */
export function epilogueFields({ affine = 'none', affineOffset = 0, residual, relu = false }: Epilogue): {
  readonly constants: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number>>;
} {
  return {
    constants: { AFFINE: AFFINE[affine], RESIDUAL: Number(residual !== undefined) },
    params: {
      affineOffset,
      residualOffset: residual?.offset ?? 0,
      residualBatchStride: residual?.batchStride ?? 0,
      relu: Number(relu),
    },
  };
}
