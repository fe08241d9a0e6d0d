/** What was noticed in a file, in the command line's words. */
import type { DataNote } from '@infnet/data';

/** One line: what was noticed, and which option may be better. */
export function noteText({ message, suggest }: DataNote): string {
  return suggest === undefined ? message : `${message}; try --${suggest.option} ${suggest.values.join(' or ')}`;
}
