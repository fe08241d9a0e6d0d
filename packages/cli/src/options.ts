/** Rows, options and parsers that several commands have in common. */
import { type OptionRow, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { optionOf, parserOf } from './option-table.js';

export { optionFlag } from '@infnet/segmentation/options';

export const ADAPTER_ROW = {
  kind: 'choice',
  value: 'kind',
  values: ['auto', 'gpu', 'llvmpipe', 'swiftshader'],
  help: 'which adapter to take (default: INFNET_ADAPTER, else auto)',
} as const satisfies OptionRow;

export const TUNING_ROW = {
  kind: 'text',
  value: 'file',
  help: 'fastest kernels for this adapter, a file of infnet tune (default: usual ones)',
} as const satisfies OptionRow;

export const PRECISION_ROW = {
  kind: 'choice',
  value: 'kind',
  values: ['exact', 'fast', 'half'],
  help: 'exact: the least noisy algorithms; fast: all (default); half: weights as float16 where the adapter can',
} as const satisfies OptionRow;

/** `taskOf` takes it. */
export const TASK_ROW = {
  kind: 'text',
  value: 'file',
  help: "a module (.js, .mjs) whose default export is a task of one's own, made by defineTask (default: infection)",
} as const satisfies OptionRow;

export function taskOption(): Option {
  return optionOf('task', TASK_ROW);
}

export function adapterOption(): Option {
  return optionOf('adapter', ADAPTER_ROW);
}

/** Which of several nets in the file of `--weights`. */
export function weightsKeyOption(): Option {
  return optionOf('weightsKey', TRAIN_OPTIONS.weightsKey);
}

export function tuningOption(): Option {
  return optionOf('tuning', TUNING_ROW);
}

export function precisionOption(): Option {
  return optionOf('precision', PRECISION_ROW);
}

/** What becomes black and white in volumes. */
export function windowOption(): Option {
  return optionOf('window', TRAIN_OPTIONS.window);
}

/** How slices of volumes lie. */
export function orientOption(): Option {
  return optionOf('orient', TRAIN_OPTIONS.orient);
}

export function integer(least: number, most?: number): (text: string) => number {
  return parserOf({ kind: 'whole', least, ...(most === undefined ? {} : { most }) });
}

/** Between 0 and 1, both excluded. */
export const fraction: (text: string) => number = parserOf({ kind: 'number', above: 0, below: 1 });

/** From 0 up to, and without, 1. */
export const share: (text: string) => number = parserOf({ kind: 'number', least: 0, below: 1 });

/** Above 0 and up to 1. */
export const fractionOrOne: (text: string) => number = parserOf({ kind: 'number', above: 0, most: 1 });

/** A number above `low`, that float32 holds. */
export function above(low: number): (text: string) => number {
  return parserOf({ kind: 'number', above: low });
}

/** Numbers above 0, separated by commas. */
export const numbers: (text: string) => readonly number[] = parserOf({ kind: 'numbers' });

/** `full`, `minmax` or `LOW,HIGH`. */
export const range: ReturnType<typeof parserOf<{ readonly kind: 'range' }>> = parserOf({ kind: 'range' });

/** Collects `NAME=INTEGER`, for an option that is given several times. */
export function definition(text: string, before: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const match = /^(\w+)=(-?\d+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Give NAME=INTEGER.');
  return { ...before, [match[1] as string]: Number(match[2]) };
}

/**
 * Fails unless the options were given. Not left to commander, which would complain of a missing `--weights` before it
 * says that there is no option `--weigths`.
 */
export function needs(command: Command, ...names: readonly string[]): void {
  for (const name of names) {
    const option = command.options.find((known) => known.attributeName() === name);
    if (command.getOptionValue(name) === undefined)
      command.error(`error: required option '${option?.flags}' not specified`);
  }
}

/** Names of the options that were given on the command line; the others have their defaults. */
export function givenOptions(command: Command): string[] {
  return command.options
    .map((option) => option.attributeName())
    .filter((name) => command.getOptionValueSource(name) === 'cli');
}

/** Of a net that is made. */
export const backboneOption = (): Option => optionOf('backbone', TRAIN_OPTIONS.backbone);

/** Of weights that are there. */
export function weightsBackboneOption(): Option {
  const { default: _, ...row } = TRAIN_OPTIONS.backbone;
  return optionOf('backbone', { ...row, help: 'which backbone the weights are of (default: told from their keys)' });
}
