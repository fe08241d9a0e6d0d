/**
 * Self-training with a filter: the net predicts a pool of images, those it is sure of get their label, the others go
 * back and may come again, when the net has learnt more.
 *
 * Scores are computed in one pass and labels in a second, so that one batch of predictions is in memory at a time,
 * whatever the pool: accepted images are predicted twice.
 */
import { InfnetError } from '@infnet/core';
import { SMALLEST } from '../numbers.js';
import { mixSeed, permutation } from '../trainer/order.js';
import { type Confidence, lesionConfidence } from './confidence.js';
import { checkChoices, checkNumbers } from './options-check.js';
import type { RoundContext, SemiStrategy } from './strategy.js';

export interface ConfidenceFilterOptions {
  /** Images predicted per round, drawn at random from those without a label. Default: all of them. */
  readonly pool?: number;
  /**
   * `{ best: 0.5 }` (default): this share of the pool, the surest first, so that every image is used in the end.
   * `{ threshold: 0.9 }`: those with at least this confidence; the strategy ends when no image left reaches it.
   */
  readonly accept?: { readonly best: number } | { readonly threshold: number };
  /** How sure the net is of a map. Default `lesionConfidence()`. */
  readonly confidence?: Confidence;
  /** Give images of earlier rounds a new label in every round. Default false. */
  readonly refresh?: boolean;
}

/** @throws InfnetError `SEMI_OPTION`. */
export function confidenceFiltered(options: ConfidenceFilterOptions = {}): SemiStrategy {
  const { pool = Infinity, accept = { best: 0.5 }, confidence = lesionConfidence(), refresh = false } = options;
  checkChoices('confidenceFiltered', options, ['pool', 'accept', 'confidence', 'refresh']);
  checkChoices('confidenceFiltered', accept, ['best' in accept ? 'best' : 'threshold']);
  const [rule, limit] = 'best' in accept ? ['best', accept.best] : ['threshold', accept.threshold];
  checkNumbers({
    pool: { value: pool, least: 1, whole: true, endless: true },
    [`accept.${rule}`]: { value: limit as number, least: rule === 'best' ? SMALLEST : 0, most: 1 },
  });

  const score = async (context: RoundContext, images: readonly number[]): Promise<Scored[]> => {
    const scored: Scored[] = [];
    await context.predict(images, (prediction) => {
      scored.push({ index: prediction.index, score: finite(confidence(prediction), prediction.index) });
    });
    return scored;
  };

  return {
    name: 'confidence-filtered',
    settings: {
      pool: Number.isFinite(pool) ? pool : null,
      rule: rule as string,
      limit: limit as number,
      refresh,
      ...confidence.settings,
    },
    async next(context) {
      const { round, seed, remaining, rounds } = context;
      const order = permutation(remaining.length, mixSeed(seed, POOL), round).map((i) => remaining[i] as number);
      // Where a pool has nothing to accept, the next one is looked at, until all have been.
      for (let first = 0; first < order.length; first += pool) {
        const accepted = acceptedOf(await score(context, order.slice(first, first + pool)), accept);
        if (accepted.length === 0) continue;
        const before = refresh ? [...new Set(rounds.flatMap(({ images }) => images))] : [];
        const all = [...accepted, ...(await score(context, before))];
        return { label: all.map(({ index }) => index), scores: all.map(({ score }) => score) };
      }
      return undefined;
    },
  };
}

interface Scored {
  readonly index: number;
  readonly score: number;
}

/** A score that is not a number has no place in an order. @throws InfnetError `SEMI_PLAN`. */
function finite(score: number, index: number): number {
  if (Number.isFinite(score)) return score;
  throw new InfnetError({
    code: 'SEMI_PLAN',
    message: `the confidence of image ${index} is ${score}, a finite number is needed`,
    where: 'confidenceFiltered',
    fix: 'Let `confidence` give a number for every map, e.g. 0 for one that it cannot judge.',
  });
}

/** The surest first, equal ones by index. */
function acceptedOf(scored: readonly Scored[], accept: NonNullable<ConfidenceFilterOptions['accept']>): Scored[] {
  const sorted = [...scored].sort((a, b) => b.score - a.score || a.index - b.index);
  if ('best' in accept) return sorted.slice(0, Math.ceil(accept.best * sorted.length));
  return sorted.filter(({ score }) => score >= accept.threshold);
}

const POOL = 0xc0f1de;
