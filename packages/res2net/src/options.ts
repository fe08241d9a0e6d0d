/** What a Res2Net is made of, and the figures that follow from it. */
import { InfnetError } from '@infnet/core';

/** Blocks in the four layers. */
const BLOCKS = { 50: [3, 4, 6, 3], 101: [3, 4, 23, 3] } as const;

/** Channels of the stem's convolutions and of the four layers' inner maps before widening. */
const STEM = [32, 32, 64] as const;
const PLANES = [64, 128, 256, 512] as const;

/** A block's output has this many times the channels of its `planes`. */
export const EXPANSION = 4;

export interface Res2NetOptions {
  /** 50 or 101: Res2Net-50-v1b or Res2Net-101-v1b. Default 50. */
  readonly depth?: 50 | 101;
  /** Multiplies the channels of every layer, for reduced nets. Default 1, the reference. */
  readonly width?: number;
  /** Channels of one split per 64 planes. Default 26. */
  readonly baseWidth?: number;
  /** Splits of a block. Default 4. */
  readonly scale?: number;
  readonly inputChannels?: number;
  /** Outputs of the classifier that the checkpoint has and no segmentation net uses. 0 leaves it out. Default 1000. */
  readonly classes?: number;
}

/** Four numbers, one per layer. */
export type PerLayer = readonly [number, number, number, number];

export interface Res2NetFigures {
  readonly blocks: PerLayer;
  readonly stem: readonly [number, number, number];
  readonly planes: PerLayer;
}

/** `channels` times `width`, rounded, at least 1. */
export function widen(channels: number, width: number): number {
  return Math.max(1, Math.round(channels * width));
}

/** @throws InfnetError `MODULE_OPTION` for a depth or a width that there is not. */
export function res2netFigures({ depth = 50, width = 1 }: Res2NetOptions): Res2NetFigures {
  const blocks: PerLayer | undefined = BLOCKS[depth];
  if (blocks === undefined) throw optionError(`depth ${String(depth)} is not known`, 'Use 50 or 101.');
  if (!(width > 0))
    throw optionError(`the width ${width} is not positive`, 'Use 1 for the reference, less for a smaller net.');
  const [a, b, c] = STEM;
  const [p1, p2, p3, p4] = PLANES;
  return {
    blocks,
    stem: [widen(a, width), widen(b, width), widen(c, width)],
    planes: [widen(p1, width), widen(p2, width), widen(p3, width), widen(p4, width)],
  };
}

/** Channels of one split: floor(planes * baseWidth / 64). @throws InfnetError `MODULE_OPTION` when none is left. */
export function splitWidth(planes: number, baseWidth: number): number {
  const width = Math.floor(planes * (baseWidth / 64));
  if (width >= 1) return width;
  throw optionError(
    `${planes} planes at base width ${baseWidth} leave no channel for a split`,
    'Use a larger width or base width.',
  );
}

export function optionError(message: string, fix: string): InfnetError {
  return new InfnetError({ code: 'MODULE_OPTION', message, where: 'Res2Net', fix });
}
