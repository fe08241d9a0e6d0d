/** What Inf-Net needs of a backbone. */
import { Module, type Tensor } from '@infnet/core';

/** Four numbers, one per level, the finest first. */
export type PerLevel = readonly [number, number, number, number];

/** Feature maps of four levels; each is half the size of the one before. */
export type Features = readonly [Tensor, Tensor, Tensor, Tensor];

/** A checkpoint's entries, as far as recognising needs them: those of `@infnet/checkpoint` fit. */
export type NamedShapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

export abstract class Backbone extends Module<readonly [Tensor], Features> {
  /** Channels of the four levels. */
  abstract readonly channels: PerLevel;
  /** Image pixels per pixel of the finest level; each further level has twice as many. */
  abstract readonly stride: number;
}

/** `channels` times `width`, rounded, at least 1. */
export function widen(channels: number, width: number): number {
  return Math.max(1, Math.round(channels * width));
}
