/** Options of a command from a table of them: see `@infnet/segmentation`. */
import { resolve } from 'node:path';
import {
  defaultOf,
  type Kind,
  type OptionRow,
  type OptionTable,
  optionFlag,
  readText,
  type ValueOf,
} from '@infnet/segmentation/options';
import { type Command, InvalidArgumentError, Option } from 'commander';

export function addOptions(command: Command, table: OptionTable): void {
  for (const [name, row] of Object.entries(table)) {
    if (row.internal !== true) command.addOption(optionOf(name, row));
  }
}

/** A flag that is on unless it is given has its name after `--no-`. */
export function flagOf(name: string, row: OptionRow): string {
  return row.kind === 'flag' && row.default === true ? optionFlag(`no-${name}`) : optionFlag(name);
}

export function optionOf(name: string, row: OptionRow): Option {
  const flag = flagOf(name, row);
  if (row.kind === 'flag') return new Option(flag, row.help).default(defaultOf(row));
  const option = new Option(`${flag} <${row.value ?? 'value'}>`, row.help);
  if (row.default !== undefined) option.default(row.default);
  return row.kind === 'choice' ? option.choices(row.values) : option.argParser(parserOf(row));
}

/** Text to a value of a kind, as commander asks for it. */
export function parserOf<const K extends Kind>(kind: K): (text: string, before?: unknown) => ValueOf<K> {
  return (text, before) => {
    const read = readText(kind, kind.kind === 'path' ? resolve(text) : text, before);
    if ('problem' in read) throw new InvalidArgumentError(read.problem);
    return read.value;
  };
}
