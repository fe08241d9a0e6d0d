/** The options of `npm run fuzz`. */
import { parseArgs } from 'node:util';
import { InfnetError } from '@infnet/errors';
import { FORMATS } from './formats/index.js';

export interface FuzzOptions {
  readonly minutes: number;
  /** All together; whichever of the two comes first ends the run. */
  readonly inputs: number;
  readonly seed: number;
  readonly formats: readonly string[];
}

export const USAGE = `npm run fuzz -- [--minutes 10] [--inputs N] [--only ${FORMATS.map(({ name }) => name).join(',')}] [--seed N]`;

/** @throws InfnetError `FUZZ_USAGE` */
export function readOptions(args: readonly string[]): FuzzOptions {
  const names = FORMATS.map(({ name }) => name);
  let values: Readonly<Partial<Record<'minutes' | 'inputs' | 'seed' | 'only', string>>>;
  try {
    const text = { type: 'string' } as const;
    values = parseArgs({ args: [...args], options: { minutes: text, inputs: text, seed: text, only: text } }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
  const formats = values.only?.split(',') ?? names;
  const unknown = formats.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw usage(`there is no format ${unknown.join(', ')}`);
  const given = values.inputs !== undefined;
  return {
    minutes: number('--minutes', values.minutes, given ? Number.POSITIVE_INFINITY : 10),
    inputs: number('--inputs', values.inputs, Number.POSITIVE_INFINITY),
    // Without a seed another one each time; it is told, so that a run can be repeated.
    seed: number('--seed', values.seed, Math.floor(Date.now() / 1000) % 2 ** 31),
    formats,
  };
}

function number(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw usage(`${name} is ${text}, which is no number`);
  return value;
}

function usage(message: string): InfnetError {
  return new InfnetError({ code: 'FUZZ_USAGE', message, fix: USAGE });
}
