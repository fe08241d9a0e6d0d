/**
 * How large parameters and moments are at most, so that a step need not look at its results before it stores them.
 *
 * A step whose new values are not all finite must change nothing. To know that, all of them would have to be computed
 * twice: once to look, once to store; on a CPU adapter that is a quarter of a step of Res2Net-50. But a value of a few
 * ones does not become infinite by a gradient of a few ones: from bounds of what is there (|p| <= P, |m| <= M, |v| <=
 * V) and of the gradients (|g| <= G, after scale and clamp) follow bounds of what will be. With rate r, decay d, and s
 * = r / (1 - beta1^t), all taken at their largest over the parameters:
 *
 *     SGD       M' = momentum M + G + d P                       P' = P + r M'
 *     Adam      G' = G + d P,  M' = max(M, G'),  V' = max(V, G'^2)   P' = P + s M' / eps
 *     AdamW     the same with G' = G, and P (1 + r d) for P
 *
 * (A moment of Adam is a mean of the old one and of the new gradient. Its quotient is taken at its crudest, v = 0.)
 * They are far from sharp, but overflow is far away too: with rate 1e-3, gradients of 1 and eps 1e-8, P grows by 1e5 a
 * step, and the room to 1e36 is enough for 1e31 steps. Where bounds multiply from step to step (decay in Adam), they
 * are exhausted after tens of steps; then one step looks, and finds the true ones.
 *
 * So the host tells the device up to which largest gradient a step is harmless, and the device, which knows that
 * gradient, looks only above it. Bounds hold for the values that they were made from: `load`, `initialize`, another
 * optimiser or whoever else changes a store changes its version, and the next step looks again.
 */
import type { Parameter, ParameterStore } from '@infnet/core';
import type { StepControl, StepNumbers } from './records.js';

/** No magnitude is above these. */
export interface Magnitudes {
  readonly parameter: number;
  /** 0 without such a moment. */
  readonly moment1: number;
  readonly moment2: number;
}

/** What moves the values, at its largest over all parameters. */
export interface LargestMove {
  /** Magnitude after scale and clamp. */
  readonly gradient: number;
  readonly rate: number;
  readonly decay: number;
  /** See `StepNumbers`. */
  readonly unbias1: number;
}

/**
 * Bounds of new values, and of what is computed on the way, from those of the old ones; with the slack. Never falls
 * where anything grows.
 */
export type BoundAfter = (before: Magnitudes, move: LargestMove) => Magnitudes;

/** For rounding: of a few operations, and of constants to float32. */
export const SLACK: number = 1 + 1e-5;

/** Bounds must not exceed it: a hundredth of the largest float. */
const ROOM = 2 ** 120;

const isWithin = ({ parameter, moment1, moment2 }: Magnitudes): boolean =>
  Math.max(parameter, moment1, moment2) <= ROOM;

type Move = Omit<LargestMove, 'gradient'> & Pick<StepNumbers, 'gradientScale' | 'limit'>;

interface Known {
  readonly magnitudes: Magnitudes;
  /** Of whose values. */
  readonly of: ReadonlySet<Parameter>;
  readonly versions: readonly number[];
}

export class StateBounds {
  readonly #stores: readonly ParameterStore[];
  readonly #after: BoundAfter;
  #known: Known | undefined;
  #running:
    | { readonly before: Known | undefined; readonly move: Move; readonly next: Omit<Known, 'magnitudes'> }
    | undefined;

  /** @param stores those that a step writes. */
  constructor(stores: readonly ParameterStore[], after: BoundAfter) {
    this.#stores = stores;
    this.#after = after;
  }

  /**
   * Before a run that may move these parameters: the largest gradient, as the backward pass gives it, that makes no
   * value that is not finite; -1 where nothing is known.
   */
  begin(parameters: readonly Parameter[], move: Move): number {
    const versions = this.#stores.map(({ version }) => version);
    const known = this.#known;
    const holds =
      known?.versions.every((version, i) => version === versions[i]) && parameters.every((each) => known.of.has(each));
    const before = holds ? known : undefined;
    // A run counts as one change of each store.
    const next = { of: new Set(parameters), versions: versions.map((version) => version + 1) };
    this.#known = undefined;
    this.#running = { before, move, next };
    return before === undefined ? -1 : this.#harmless(before.magnitudes, move);
  }

  /** After it, with what the device said. A run that ended otherwise leaves nothing known. */
  end(control: StepControl): void {
    const { before, move, next } = this.#running ?? {};
    this.#running = undefined;
    if (move === undefined || next === undefined) return;
    const moved =
      control.looks === 1 ? seen(control) : before && this.#moved(before.magnitudes, move, control.largestGradient);
    const magnitudes = control.moves === 1 ? moved : before?.magnitudes;
    const of = control.looks === 1 && control.moves === 1 ? next.of : before?.of;
    this.#known = magnitudes && of && { ...next, of, magnitudes };
  }

  #moved(before: Magnitudes, { gradientScale, limit, ...move }: Move, gradient: number): Magnitudes {
    return this.#after(before, { ...move, gradient: Math.min(gradient * gradientScale, limit) });
  }

  /** The largest power of two that stays within the room. */
  #harmless(before: Magnitudes, move: Move): number {
    const fits = (exponent: number): boolean => isWithin(this.#moved(before, move, 2 ** exponent));
    let [low, high] = [-126, 127];
    if (!fits(low)) return -1;
    if (fits(high)) return 2 ** high;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (fits(middle)) low = middle;
      else high = middle;
    }
    return 2 ** low;
  }
}

function seen({ largestParameter, largestMoment1, largestMoment2 }: StepControl): Magnitudes {
  return { parameter: largestParameter, moment1: largestMoment1, moment2: largestMoment2 };
}
