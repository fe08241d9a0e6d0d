/** How gradients are kept in bounds before a step. Plain data: the optimiser's kernel does it on the way. */
import { SMALLEST } from '../numbers.js';
import { checkNumbers } from './optimizer.js';

export interface GradientClip {
  /** Elementwise clamp to +-limit; Infinity: none. */
  readonly limit: number;
  /** Largest norm of all gradients together, to which they are scaled down; 0: any. */
  readonly maxNorm: number;
}

export const noClip: GradientClip = { limit: Infinity, maxNorm: 0 };

/**
 * Every element of every gradient into [-limit, limit], as the released code does with 0.5 (quirk 12).
 *
 * @throws InfnetError `OPTIMIZER_OPTION`.
 */
export function clampGradients(limit: number): GradientClip {
  checkNumbers({ limit: { value: limit, least: SMALLEST } });
  return { limit, maxNorm: 0 };
}

/** All gradients by one factor, so that their norm is at most `maxNorm`. @throws InfnetError `OPTIMIZER_OPTION`. */
export function clipGradientNorm(maxNorm: number): GradientClip {
  checkNumbers({ maxNorm: { value: maxNorm, least: SMALLEST } });
  return { limit: Infinity, maxNorm };
}

/** Clips are plain data, which anybody can write. @throws InfnetError `OPTIMIZER_OPTION`. */
export function checkClip({ limit, maxNorm }: GradientClip): void {
  checkNumbers({
    'clip.limit': { value: limit, least: SMALLEST, endless: true },
    'clip.maxNorm': { value: maxNorm, least: 0 },
  });
}
