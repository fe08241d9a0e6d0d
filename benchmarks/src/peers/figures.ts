/** From outcomes to what is shown: medians, spread, ratios. */
import { type Ratio, ratioOf, summary, type Timing } from '../statistics.js';
import type { Case, Outcome } from './alternate.js';
import { type PeerName, referenceOf, type Workload } from './protocol.js';

/** Beyond this a result is another one, not a rounded one. */
const TOLERANCE = 1e-3;

/**
 * Of the losses of two steps of Inf-Net: its smallest maps have a few pixels, over which batch norm magnifies rounding,
 * so that PyTorch in float32 is percents from PyTorch in float64. A step of Res2Net-50 is held to the usual tolerance.
 */
const TOLERANCE_OF_INF_NET_STEP = 0.2;

/** Of a net whose weights are stored with 11 bits. */
const TOLERANCE_OF_HALF = 2e-2;

export function toleranceOf(workload: Workload, peer: PeerName = 'infnet'): number {
  if (peer === 'infnet-half' || peer === 'infnet-matrix') return TOLERANCE_OF_HALF;
  return workload.kind === 'step' && workload.net === 'inf-net' ? TOLERANCE_OF_INF_NET_STEP : TOLERANCE;
}

export interface CaseResult extends Case {
  /** Floating-point operations of one run. */
  readonly flops: number;
  /** Bytes that a run must move at least; only for layers. */
  readonly bytes?: number;
  readonly outcomes: readonly Outcome[];
}

export interface Cell {
  readonly peer: PeerName;
  readonly cannot?: string;
  readonly timing?: Timing;
  /** The device's own time, where it was taken. */
  readonly device?: Timing;
  /** FLOP/s by the median, of the device's own time where there is one. */
  readonly rate?: number;
  /** Times over those of ours on the same adapter: above 1, it is slower. None for ours. */
  readonly ratio?: Ratio;
  readonly deviceRatio?: Ratio;
  readonly heldBytes?: number;
  readonly note?: string;
  readonly difference?: number;
  /** Whether its results differ from the reference by more than {@link toleranceOf}. */
  readonly wrong: boolean;
}

/** One cell per peer that was asked. */
export function cellsOf({ outcomes, flops, workload }: CaseResult): Cell[] {
  return outcomes.map((outcome): Cell => {
    const { peer, cannot, difference, heldBytes, note } = outcome;
    const [timing, device] = [summary(outcome.seconds), summary(outcome.device?.['run'])];
    const wrong = (difference ?? 0) > toleranceOf(workload, peer);
    if (timing === undefined) return { peer, cannot, difference, wrong };
    const base = outcomes.find((other) => other.peer === referenceOf(peer) && other !== outcome);
    return {
      peer,
      timing,
      device,
      difference,
      wrong,
      heldBytes,
      note,
      ratio: ratioOf(outcome.seconds, base?.seconds),
      deviceRatio: ratioOf(outcome.device?.['run'], base?.device?.['run']),
      rate: flops > 0 ? flops / (device ?? timing).median : undefined,
    };
  });
}

/** The peer's cell of a case. */
export function cellOf(result: CaseResult, peer: PeerName): Cell | undefined {
  return cellsOf(result).find((cell) => cell.peer === peer);
}

/** Ours of those that took part, whose rate stands in the tables. */
export function oursOf(peers: readonly PeerName[]): PeerName | undefined {
  return (['infnet', 'infnet-chromium'] as const).find((name) => peers.includes(name));
}

/** Over several cases: how often faster than `peer` ours is, as the geometric mean of ratios with their range. */
export function meanRatio(
  results: readonly CaseResult[],
  peer: PeerName,
): { readonly mean: number; readonly smallest: number; readonly largest: number; readonly cases: number } | undefined {
  const ratios = results.flatMap((result) => {
    const ratio = cellOf(result, peer)?.ratio?.median;
    return ratio === undefined ? [] : [ratio];
  });
  if (ratios.length === 0) return undefined;
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  return { mean, smallest: Math.min(...ratios), largest: Math.max(...ratios), cases: ratios.length };
}

/** Every different error, with who said it and where first. */
export function errorsOf(
  results: readonly CaseResult[],
): { readonly peer: PeerName; readonly title: string; readonly error: string; readonly cases: number }[] {
  const found = new Map<string, { peer: PeerName; title: string; error: string; cases: number }>();
  for (const { title, outcomes } of results) {
    for (const { peer, cannot } of outcomes) {
      if (cannot === undefined) continue;
      const key = `${peer}\n${cannot}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { peer, title, error: cannot, cases: 1 });
      else known.cases++;
    }
  }
  return [...found.values()];
}
