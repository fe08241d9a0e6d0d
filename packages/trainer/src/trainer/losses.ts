/**
 * Lost devices of a training, and when it gives up.
 *
 * A training that is thrown back goes on as long as it gets anywhere. There is no hope where the same step loses one
 * device after the other, or where none of many lives gets beyond what was reached before. Where losses come more often
 * than snapshots it would never get there: so after a loss snapshots come at half of what was lost, until it is made
 * up.
 */
import type { Position } from './state.js';

/** Devices that the same step may lose, one after the other. */
const MOST_IN_A_STEP = 3;
/** Devices in a row that may be lost without getting beyond the furthest step. */
const MOST_WITHOUT_GAIN = 20;
/** So few steps are done again quickly. */
const FEW = 4;

export class Losses {
  #furthest: Position | undefined;
  #before: { readonly at: Position; readonly from: Position } | undefined;
  #inStep = 0;
  #withoutGain = 0;
  #every = Number.POSITIVE_INFINITY;

  /** A device was lost `at` a place; training would go on `from` a snapshot. @returns false where it gives up */
  goesOn(at: Position, from: Position): boolean {
    const { at: lastAt, from: lastFrom } = this.#before ?? {};
    this.#inStep = isSame(at, lastAt) && isSame(from, lastFrom) ? this.#inStep + 1 : 1;
    const isFurther = this.#furthest === undefined || at.step > this.#furthest.step || at.epoch > this.#furthest.epoch;
    this.#withoutGain = isFurther ? 1 : this.#withoutGain + 1;
    if (isFurther) this.#furthest = at;
    this.#before = { at, from };
    const lost = at.step - from.step;
    if (lost >= FEW || (this.#withoutGain > 1 && this.#inStep === 1)) this.#every = Math.max(1, Math.floor(lost / 2));
    return this.#inStep < MOST_IN_A_STEP && this.#withoutGain < MOST_WITHOUT_GAIN;
  }

  /** Whether a snapshot is due within an epoch for the sake of losses. @param since steps since the last one */
  isSnapshotDue(step: number, since: number): boolean {
    const { step: furthest = 0 } = this.#furthest ?? {};
    if (step > furthest + this.#every) this.#every = Number.POSITIVE_INFINITY;
    return since >= this.#every;
  }
}

function isSame(a: Position, b: Position | undefined): boolean {
  return b !== undefined && a.step === b.step && a.unit === b.unit && a.epoch === b.epoch;
}
