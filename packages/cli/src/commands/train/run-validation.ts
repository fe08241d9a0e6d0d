/** What a run asks of its validation, whatever the net. */
import type { Context, ParameterStore } from '@infnet/core';
import type { Samples } from './samples.js';

/** Figures by name; the first one decides which epoch is best. */
export type Figures = Readonly<Record<string, number>>;

/** Is offered the picture of every slice, and draws it if it is wanted. */
export type PictureSink = (index: number, draw: () => Promise<Uint8Array>) => Promise<void>;

export interface RunValidation {
  readonly samples: Samples;
  /** @param parameters the training's; when they are others than before, the plan is made anew */
  run(context: Context, parameters: ParameterStore, picture: PictureSink): Promise<Figures>;
  /** The device with the plan was lost. */
  forget(): void;
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
