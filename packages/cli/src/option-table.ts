/** Options of a command from a table of them: see `@infnet/segmentation`. */
import { resolve } from 'node:path';
import {
  defaultOf,
  type Kind,
  type OptionRow,
  type OptionTable,
  optionFlag,
  readText,
  VALUE_NAMES,
  type ValueOf,
} from '@infnet/segmentation/options';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** @param parsers of options whose text is more than their kind says */
export function addOptions(
  command: Command,
  table: OptionTable,
  parsers: Readonly<Partial<Record<string, (text: string) => unknown>>> = {},
): void {
  for (const [name, row] of Object.entries(table)) {
    if (row.internal === true) continue;
    const [option, parser] = [optionOf(name, row), parsers[name]];
    command.addOption(parser === undefined ? option : option.argParser(parser));
  }
}

/** A flag that is on unless it is given has its name after `--no-`. */
export function flagOf(name: string, row: OptionRow): string {
  return row.kind === 'flag' && row.default === true ? optionFlag(`no-${name}`) : optionFlag(name);
}

function optionOf(name: string, row: OptionRow): Option {
  const flag = flagOf(name, row);
  if (row.kind === 'flag') return new Option(flag, row.help).default(defaultOf(row));
  const option = new Option(`${flag} <${row.value ?? VALUE_NAMES[row.kind]}>`, row.help);
  if (row.default !== undefined) option.default(row.default);
  return row.kind === 'choice' ? option.choices(row.values) : option.argParser(parserOf(row));
}

/** Text to a value of a kind, as commander asks for it. */
function parserOf<const K extends Kind>(kind: K): (text: string, before?: unknown) => ValueOf<K> {
  return (text, before) => {
    const read = readText(kind, kind.kind === 'path' ? resolve(text) : text, before);
    if ('problem' in read) throw new InvalidArgumentError(read.problem);
    return read.value;
  };
}
