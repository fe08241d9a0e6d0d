import type { Figures, TaskTraining } from '../task.js';
import type { EpochLine } from './log-lines.js';

/** Figures of one validation, for a line. */
export function figuresText({ validation }: TaskTraining, figures: Figures, digits: number): string {
  const text = (name: string): string => {
    const value = figures[name] ?? Number.NaN;
    return Number.isNaN(value) ? 'n/a' : value.toFixed(digits);
  };
  const { beside } = validation;
  const told = beside.some(([, key]) => figures[key] !== undefined)
    ? ` (${beside.map(([name, key]) => `${name} ${text(key)}`).join(', ')})`
    : '';
  return `Dice ${text('dice')}${told}, IoU ${text('iou')}`;
}

/** Better than any epoch before, of all stages. */
export function isBetter(metrics: Figures | undefined, epochs: readonly EpochLine[]): boolean {
  const before = bestOf(epochs)?.metrics?.['dice'] ?? Number.NEGATIVE_INFINITY;
  return (metrics?.['dice'] ?? Number.NEGATIVE_INFINITY) > before;
}

/** The epoch with the best validation: NaN is none. */
export function bestOf(epochs: readonly EpochLine[]): EpochLine | undefined {
  const diceOf = (line: EpochLine): number => line.metrics?.['dice'] ?? Number.NaN;
  return epochs
    .filter((line) => !Number.isNaN(diceOf(line)))
    .reduce<EpochLine | undefined>(
      (best, line) => (best === undefined || diceOf(line) > diceOf(best) ? line : best),
      undefined,
    );
}
