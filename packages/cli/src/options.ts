/** Values of options: text to numbers, with errors that name the option; and what several commands have in common. */
import type { Precision } from '@infnet/core';
import { type Command, InvalidArgumentError, Option } from 'commander';

const ADAPTERS = ['auto', 'gpu', 'llvmpipe', 'swiftshader'] as const;
const PRECISIONS = ['exact', 'fast', 'half'] as const satisfies readonly Precision[];
export const BACKBONES = ['res2net50', 'res2net101', 'resnet50', 'vgg16'] as const;

export function adapterOption(): Option {
  return new Option('--adapter <kind>', 'which adapter to take (default: INFNET_ADAPTER, else auto)').choices(ADAPTERS);
}

/** Which of several nets in a file: of `--weights` and its like. */
export function weightsKeyOption(flag = '--weights'): Option {
  return new Option(
    `${flag}-key <name>`,
    `where the file of ${flag} holds several nets: the name of one (ema, or ema/model), or what its keys begin with (student.)`,
  );
}

export function tuningOption(): Option {
  return new Option('--tuning <file>', 'fastest kernels for this adapter, a file of infnet tune (default: usual ones)');
}

export function precisionOption(): Option {
  return new Option(
    '--precision <kind>',
    'exact: the least noisy algorithms; fast: all (default); half: weights as float16 where the adapter can',
  ).choices(PRECISIONS);
}

export function integer(low: number, high: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    const range =
      high === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${low}` : `a whole number from ${low} to ${high}`;
    throw new InvalidArgumentError(`Give ${range}.`);
  };
}

/** Between 0 and 1, both excluded. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Give a number between 0 and 1.');
}

/** From 0 up to, and without, 1. */
export function share(text: string): number {
  return Number(text) === 0 && text.trim() !== '' ? 0 : fraction(text);
}

/** `full`, `minmax` or `LOW,HIGH`. */
export function range(text: string): 'full' | 'minmax' | readonly [number, number] {
  if (text === 'full' || text === 'minmax') return text;
  const match = /^(\d+),(\d+)$/.exec(text);
  const [low, high] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && low < high && high <= 65535) return [low, high];
  throw new InvalidArgumentError('Give full, minmax, or two whole numbers LOW,HIGH up to 65535.');
}

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

/** Above 0 and up to 1. */
export function fractionOrOne(text: string): number {
  return Number(text) === 1 ? 1 : fraction(text);
}

/** What a device computes with: float32. Beyond it a number would be Infinity there, and below it 0. */
const [LARGEST, SMALLEST] = [3.4028234e38, 2 ** -126];

/** A number above `low`, or from it on with `orEqual`, that float32 holds. */
export function above(low: number, { orEqual = false }: { readonly orEqual?: boolean } = {}): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const isHeld = value <= LARGEST && (value === 0 || Math.abs(value) >= SMALLEST);
    if (text.trim() !== '' && isHeld && (value > low || (orEqual && value === low))) return value;
    throw new InvalidArgumentError(`Give a number ${orEqual ? 'of at least' : 'above'} ${low}, up to ${LARGEST}.`);
  };
}

/** Numbers above 0, separated by commas. */
export function numbers(text: string): readonly number[] {
  const values = text.split(',').map(Number);
  if (values.length > 0 && values.every((value) => value >= SMALLEST && value <= LARGEST)) return values;
  throw new InvalidArgumentError('Give numbers above 0, separated by commas.');
}

/** Collects the values of an option that is given several times. */
export function several(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

/** `snapshotEvery` as `--snapshot-every`. */
export function optionFlag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Names of the options that were given on the command line; the others have their defaults. */
export function givenOptions(command: Command): string[] {
  return command.options
    .map((option) => option.attributeName())
    .filter((name) => command.getOptionValueSource(name) === 'cli');
}
