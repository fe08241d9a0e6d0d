/** A command as a value: its options are a table, from which their type and their help follow. */
import type { OptionTable, SettingsOf } from '@infnet/segmentation/options';
import type { Argument, Command } from 'commander';
import { addOptions } from './option-table.js';

/** The options of a command as it gets them. */
export type Asked<T> = SettingsOf<T> & {
  /** Names of those that were given on the command line; the others have their defaults. */
  readonly given: readonly string[];
};

export interface Definition<T extends OptionTable> {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly argument?: Argument;
  readonly options: T;
  /** Options that must be given. */
  readonly needs?: readonly (keyof T & string)[];
  /** Options whose text is more than their kind says. */
  readonly parsers?: { readonly [N in keyof T]?: (text: string) => unknown };
  /** Said after the options. */
  readonly help?: string;
}

/** @param run gets the options, and what stands on the command line beside them */
export function addCommand<T extends OptionTable>(
  program: Command,
  { name, summary, description, argument, options, needs = [], parsers = {}, help }: Definition<T>,
  run: (options: Asked<T>, args: readonly string[]) => Promise<void>,
): void {
  const command = program.command(name).summary(summary).description(description);
  if (argument !== undefined) command.addArgument(argument);
  addOptions(command, options, parsers);
  if (help !== undefined) command.addHelpText('after', help);
  command.action(async () => {
    require(command, needs);
    await run({ ...command.opts<SettingsOf<T>>(), given: givenOptions(command) }, command.args);
  });
}

/**
 * Fails unless the options were given. Not left to commander, which would complain of a missing `--weights` before it
 * says that there is no option `--weigths`.
 */
function require(command: Command, names: readonly string[]): void {
  for (const name of names) {
    const option = command.options.find((known) => known.attributeName() === name);
    if (command.getOptionValue(name) === undefined)
      command.error(`error: required option '${option?.flags}' not specified`);
  }
}

function givenOptions(command: Command): string[] {
  return command.options
    .map((option) => option.attributeName())
    .filter((name) => command.getOptionValueSource(name) === 'cli');
}
