/** What a task says of its training beyond data and loss: settings of its own, and the words for its reports. */
import type { NetOptions, TaskNet } from '../task.js';
import type { TrainSettings } from './options.js';

/** What a report says of its validations. */
export interface ValidationText {
  readonly note: string;
  /** Name, key of the figure, whether the curve is dashed. */
  readonly curves: readonly (readonly [name: string, key: string, dashed?: boolean])[];
  /** Columns of the table of the best and the last epoch, and its rows for one of them, as texts or figures. */
  readonly columns: readonly string[];
  rows(epoch: number, metrics: Readonly<Record<string, number>>): readonly (readonly (string | number | undefined)[])[];
  /** Figures to name in a line beside Dice and IoU: how they are called, and their keys. */
  readonly beside: readonly (readonly [name: string, key: string])[];
}

export interface TaskTraining {
  /** What is trained, for titles: `Inf-Net`. */
  readonly title: string;
  /** Settings that are others than the usual ones where nobody gives them. */
  readonly defaults: Partial<TrainSettings>;
  /** What settings say of its net. Default: nothing, so that it is built as usual. */
  netOptions?(settings: TrainSettings): NetOptions;
  /** Why options of other tasks are refused, and what to do. */
  readonly foreign: { readonly why: string; readonly fix: string };
  /** Smallest side of the net's input at which it can be trained. */
  readonly leastSize?: { readonly size: number; readonly why: string };
  /** What the loss is, by its variant. */
  lossNote(loss: string): string;
  /** Names of the parts of the loss, for curves. */
  readonly parts: Readonly<Record<string, string>>;
  /** What the colours of pictures mean. */
  readonly legend: string;
  readonly validation: ValidationText;
  /** What a file of weights says of itself. @param origin what they were trained on */
  describe(net: TaskNet, size: number, origin: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}
