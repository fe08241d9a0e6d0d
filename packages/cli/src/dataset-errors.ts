/** Errors of a data set name the options of a program; here they name those of the command line. */
import { InfnetError, isInfnetError } from '@infnet/core';
import { reasonOf } from './errors.js';

const FLAGS: readonly (readonly [RegExp, string])[] = [
  [/\{ masks: '(\w+)' \}/g, '--masks $1'],
  [/\{ onProblem: 'skip' \}/g, '--skip-bad'],
  [/, or give \{ prior: \(request\) => \.\.\. \} for all of them/g, ''],
  [/, or allow it with \{ oneClass: 'allow' \}/g, ''],
  [/, or name its folders with \{ layout \}/g, ''],
  [/Say which one with \{ root \}/g, 'Give the folder of one of them'],
];

/** The error of `work`, its fix in the words of the command line. */
export async function withFlags<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isInfnetError(error, 'DATA_DATASET') || error.fix === undefined) throw error;
    const { code, where, details } = error;
    const fix = FLAGS.reduce((text, [pattern, flag]) => text.replace(pattern, flag), error.fix);
    throw new InfnetError({ code, message: reasonOf(error).message, where, fix, details, cause: error });
  }
}
