/** What was noticed in the files of a data set, in the command line's words. */
import { join } from 'node:path';
import { type DataNote, describeProblems, type Problem } from '@infnet/data';
import { adviceInFlags } from './advice.js';

/** One line: what was noticed, and which option may be better. */
export function noteText({ message, suggest }: DataNote): string {
  return suggest === undefined ? message : `${message}; try --${suggest.option} ${suggest.values.join(' or ')}`;
}

/** One line per kind with its first files, for people. */
export function problemLines(problems: readonly Problem[]): string[] {
  const text = adviceInFlags(describeProblems(problems));
  return text === '' ? [] : text.split('\n').map((line) => line.trim());
}

/** One line per file, for `--json`. */
export function problemNotes(problems: readonly Problem[], folder: string): string[] {
  return problems.flatMap(({ title, entries }) =>
    entries.map(({ file, note }) =>
      adviceInFlags(`${join(folder, file)}: ${title}${note === undefined ? '' : ` (${note})`}`),
    ),
  );
}
