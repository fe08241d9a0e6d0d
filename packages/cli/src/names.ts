import { printable } from '@infnet/core';

/** Some names from outside in a line: the first ones, and a mark that there are more. */
export function listed(names: Iterable<string>, most: number): string {
  const all = [...names];
  const shown = all.slice(0, most).map((name) => printable(name));
  return `${shown.join(', ')}${all.length > most ? ', ...' : ''}`;
}
