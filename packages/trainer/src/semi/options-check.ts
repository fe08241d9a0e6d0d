/** Numbers among options. */
import { InfnetError } from '@infnet/core';
import { type NumberRange, numberProblems } from '../numbers.js';

/** @throws InfnetError `SEMI_OPTION` naming all that lie outside their ranges, ends included. */
export function checkNumbers(ranges: Readonly<Record<string, NumberRange>>): void {
  const problems = numberProblems(ranges);
  if (problems.length > 0) throw semiOption(problems.join('; '));
}

export function semiOption(message: string, fix?: string): InfnetError {
  return new InfnetError({ code: 'SEMI_OPTION', message, ...(fix === undefined ? {} : { fix }) });
}
