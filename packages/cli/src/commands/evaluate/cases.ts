/** The slices with the lowest and the highest Dice, kept with their pictures while the others go. */
import type { SliceScores } from './score.js';
import type { Item } from './source.js';

export interface Case {
  readonly item: Item;
  readonly scored: SliceScores;
}

export class Cases {
  readonly #count: number;
  #worst: Case[] = [];
  #best: Case[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  add(one: Case): void {
    this.#worst = [...this.#worst, one].sort(ascending).slice(0, this.#count);
    this.#best = [...this.#best, one].sort((a, b) => ascending(b, a)).slice(0, this.#count);
  }

  /** Lowest Dice first. */
  get worst(): readonly Case[] {
    return this.#worst;
  }

  /** Highest Dice first; none that is among the worst. */
  get best(): readonly Case[] {
    return this.#best.filter((one) => !this.#worst.includes(one));
  }
}

/** By Dice at the threshold; equal ones by mean Dice, then by name. NaN comes first, as what needs a look. */
export function ascending(a: Pick<Case, 'scored'>, b: Pick<Case, 'scored'>): number {
  const keys = ({ scored: { scores } }: Pick<Case, 'scored'>): number[] =>
    [scores.dice, scores.meanDice].map((value) => (Number.isNaN(value) ? -1 : value));
  const [left, right] = [keys(a), keys(b)];
  return (
    (left[0] as number) - (right[0] as number) ||
    (left[1] as number) - (right[1] as number) ||
    (a.scored.name < b.scored.name ? -1 : 1)
  );
}
