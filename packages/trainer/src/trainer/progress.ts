/** How far a training is, and what it has found: all that a state holds beside values on the device. */
import { InfnetError } from '@infnet/core';
import type { TrainerOptions } from './options.js';
import type { Best, Position, TrainerState } from './state.js';

export type Values = Readonly<Record<string, number>>;
type Kept = Pick<TrainerState, 'position' | 'sums' | 'summed' | 'best' | 'stale'>;

export class TrainingProgress {
  #position: Position = { epoch: 0, unit: 0, step: 0 };
  #sums: Record<string, number> = {};
  #summed = 0;
  #best: Best | undefined;
  #stale = 0;

  /** What comes next. */
  get position(): Position {
    return this.#position;
  }

  get best(): Best | undefined {
    return this.#best;
  }

  /** Validations since the best one. */
  get stale(): number {
    return this.#stale;
  }

  get kept(): Kept {
    return {
      position: this.#position,
      sums: { ...this.#sums },
      summed: this.#summed,
      best: this.#best,
      stale: this.#stale,
    };
  }

  restore({ position, sums, summed, best, stale }: Kept): void {
    this.#position = position;
    this.#sums = { ...sums };
    this.#summed = summed;
    this.#best = best;
    this.#stale = stale;
  }

  /** A step was done. */
  advance(): void {
    const { epoch, unit, step } = this.#position;
    this.#position = { epoch, unit: unit + 1, step: step + 1 };
  }

  /** Adds a step's losses to those of its epoch. */
  sum(values: Values): void {
    for (const [name, value] of Object.entries(values)) this.#sums[name] = (this.#sums[name] ?? 0) + value;
    this.#summed++;
  }

  /** Ends the epoch. @returns means of its losses */
  endEpoch(): { readonly loss: number; readonly parts: Values } {
    const means = Object.entries(this.#sums).map(([name, sum]): [string, number] => [name, sum / this.#summed]);
    const { loss = Number.NaN, ...parts } = Object.fromEntries(means);
    const { epoch, step } = this.#position;
    this.#position = { epoch: epoch + 1, unit: 0, step };
    this.#sums = {};
    this.#summed = 0;
    return { loss, parts };
  }

  /**
   * Whether these figures are the best so far; counts those that are not.
   *
   * @throws InfnetError `TRAINER_METRIC`
   */
  judge(metrics: Values, rule: TrainerOptions['best']): boolean {
    const { metric = this.#best?.metric ?? Object.keys(metrics)[0] ?? '', larger = true } = rule ?? {};
    const value = metrics[metric];
    if (typeof value !== 'number') {
      throw new InfnetError({
        code: 'TRAINER_METRIC',
        message: `the validation gave no "${metric}" but ${Object.keys(metrics).join(', ') || 'nothing'}`,
        fix: 'Name one of its figures in `best.metric`.',
      });
    }
    const before = this.#best?.value;
    const isFirst = before === undefined || Number.isNaN(before);
    const isBest = !Number.isNaN(value) && (isFirst || (larger ? value > before : value < before));
    const { epoch, step } = this.#position;
    if (isBest) this.#best = { epoch, step, value, metrics, metric, larger };
    this.#stale = isBest ? 0 : this.#stale + 1;
    return isBest;
  }
}
