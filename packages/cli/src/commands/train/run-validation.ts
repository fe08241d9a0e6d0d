/** What a run asks of its validation, whatever the net. */
import type { ParameterStore } from '@infnet/core';
import type { Samples } from './samples.js';

/** Figures by name; the first one decides which epoch is best. */
export type Figures = Readonly<Record<string, number>>;

/** Is offered the picture of every slice, and draws it if it is wanted. */
export type PictureSink = (index: number, draw: () => Promise<Uint8Array>) => Promise<void>;

export interface RunValidation {
  readonly samples: Samples;
  /** @param parameters the training's, as they are now */
  run(parameters: ParameterStore, picture: PictureSink): Promise<Figures>;
}

/** Figures of one validation, for a line. */
export function figuresText(figures: Figures, digits: number): string {
  const text = (name: string): string => {
    const value = figures[name] ?? Number.NaN;
    return Number.isNaN(value) ? 'n/a' : value.toFixed(digits);
  };
  const classes =
    figures['diceGroundGlass'] === undefined
      ? ''
      : ` (ground-glass ${text('diceGroundGlass')}, consolidation ${text('diceConsolidation')})`;
  return `Dice ${text('dice')}${classes}, IoU ${text('iou')}`;
}
