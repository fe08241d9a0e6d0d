/** Numbers among options. */
import { InfnetError } from '@infnet/core';

export interface NumberRange {
  readonly value: number;
  readonly least: number;
  /** Default: none. */
  readonly most?: number;
  /** Default false. */
  readonly whole?: boolean;
}

/** @throws InfnetError `SEMI_OPTION` naming all that lie outside their ranges, ends included. */
export function checkNumbers(ranges: Readonly<Record<string, NumberRange>>): void {
  const problems = Object.entries(ranges).flatMap(([name, { value, least, most = Infinity, whole = false }]) => {
    if (value >= least && value <= most && (!whole || Number.isInteger(value) || value === Infinity)) return [];
    const upper = most === Infinity ? '' : ` and at most ${most}`;
    return [`${name} is ${value}, ${whole ? 'a whole number' : 'a number'} of at least ${least}${upper} is needed`];
  });
  if (problems.length > 0) throw semiOption(problems.join('; '));
}

export function semiOption(message: string, fix?: string): InfnetError {
  return new InfnetError({ code: 'SEMI_OPTION', message, ...(fix === undefined ? {} : { fix }) });
}
