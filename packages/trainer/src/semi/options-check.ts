/** Numbers among options. */
import { checkNames, InfnetError } from '@infnet/core';
import { type NumberRange, numberProblems } from '../numbers.js';

/** @throws InfnetError `SEMI_OPTION` naming all that lie outside their ranges, ends included. */
export function checkNumbers(ranges: Readonly<Record<string, NumberRange>>): void {
  const problems = numberProblems(ranges);
  if (problems.length > 0) throw semiOption(problems.join('; '));
}

/**
 * @throws InfnetError `OPTION_UNKNOWN` for a name that there is not, `SEMI_OPTION` for a word that is none of
 *   `choices`.
 */
export function checkChoices(
  where: string,
  options: object,
  known: readonly string[],
  choices: Readonly<Record<string, readonly [value: unknown, words: readonly string[]]>> = {},
): void {
  checkNames(where, options, known);
  for (const [name, [value, words]] of Object.entries(choices)) {
    if (!words.includes(value as string)) throw semiOption(`${name} is "${value}"`, `Give ${words.join(' or ')}.`);
  }
}

export function semiOption(message: string, fix?: string): InfnetError {
  return new InfnetError({ code: 'SEMI_OPTION', message, ...(fix === undefined ? {} : { fix }) });
}
