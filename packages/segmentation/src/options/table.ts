/**
 * Options as a table: a row says all there is to say of one, as plain data. The type of the settings, what a command
 * line or a page offers, its help, the check of a file of settings, what may change on the way and what is refused
 * follow from it, so that nothing can be forgotten.
 */
import * as v from 'valibot';
import { type Kind, schemaOf, type ValueOf } from './kinds.js';

export type OptionRow = Kind & {
  /** What stands for the value in help, e.g. `pixels`. Default: what is usual for its kind. */
  readonly value?: string;
  /** Of a flag `true`: it is on unless `--no-<name>` is given. */
  readonly default?: unknown;
  /** What settings have that were written before there was this option. Default: `default`. */
  readonly before?: unknown;
  /** A flag that is neither on nor off where nobody gives it. */
  readonly unset?: true;
  /** Without a default, and yet every settings have it: it follows from the others. */
  readonly settled?: true;
  /** No option, but written among the settings. */
  readonly internal?: true;
  /** May change on the way: it says how to go on, not what has been done. */
  readonly changes?: true;
  /** Tasks that it says something to. Default: all. */
  readonly tasks?: readonly string[];
  /** Only of semi-supervised trainings, or only of others. */
  readonly method?: 'semi' | 'supervised';
  /** The option of the trainer that gets the value. */
  readonly trainer?: string;
  /** How the trainer calls it in what it refuses, where it does not get it as it is. */
  readonly named?: readonly string[];
  readonly help: string;
  /** For a table in a README: more than `help`. */
  readonly readme?: string;
};

export type OptionTable = Readonly<Record<string, OptionRow>>;

/** Those that are there in all settings. */
type Definite<R> = R extends { readonly unset: true }
  ? false
  : R extends { readonly default: unknown } | { readonly settled: true } | { readonly kind: 'flag' }
    ? true
    : false;

/** Settings as a table has them: those without a default may be absent. */
export type SettingsOf<T> = {
  readonly [N in keyof T as Definite<T[N]> extends true ? N : never]: ValueOf<T[N]>;
} & {
  readonly [N in keyof T as Definite<T[N]> extends true ? never : N]?: ValueOf<T[N]>;
};

/** The same before they are settled. */
export type OptionsOf<T> = Omit<
  SettingsOf<T>,
  Named<T, { readonly settled: true }> | Named<T, { readonly internal: true }>
> & {
  readonly [N in Named<T, { readonly settled: true }>]?: ValueOf<T[N]>;
};

type Named<T, F> = { [N in keyof T]: T[N] extends F ? N : never }[keyof T];

/** `snapshotEvery` as `--snapshot-every`. */
export function optionFlag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Names of the rows for which something holds, in the table's order. */
export function namesWhere(table: OptionTable, holds: (row: OptionRow) => boolean): string[] {
  return Object.entries(table).flatMap(([name, row]) => (holds(row) ? [name] : []));
}

/** Where a row is silent: what an option is before anybody gives it. */
export function defaultOf(row: OptionRow): unknown {
  return row.kind === 'flag' && row.unset !== true ? (row.default ?? false) : row.default;
}

export type Checked<T> = { readonly settings: SettingsOf<T> } | { readonly problems: readonly string[] };

/**
 * Settings in the table's order, checked: a hand or an older version may have written them. What is absent gets what it
 * was before there was the option; what no row knows is kept.
 */
export function checkSettings<T extends OptionTable>(table: T, values: Readonly<Record<string, unknown>>): Checked<T> {
  const known = Object.entries(table).map(([name, row]) => [name, values[name] ?? row.before ?? defaultOf(row)]);
  const full: object = { ...Object.fromEntries(known), ...values };
  if (isOf(table, full)) return { settings: full };
  const { issues = [] } = v.safeParse(schemaOfTable(table), full);
  const problems = issues.map(({ path, message }) => {
    const name = String(path?.[0]?.key);
    return `${optionFlag(name)} is ${told(values[name])}. ${message}`;
  });
  return { problems: [...new Set(problems)] };
}

/** A hand may have written anything. */
function told(value: unknown): string {
  const isPlain = (one: unknown): boolean => typeof one !== 'object' || one === null;
  if (isPlain(value) || (Array.isArray(value) && value.every(isPlain))) return String(value).slice(0, 100);
  return JSON.stringify(value).slice(0, 100);
}

function isOf<T extends OptionTable>(table: T, values: object): values is SettingsOf<T> {
  return v.is(schemaOfTable(table), values);
}

function schemaOfTable(table: OptionTable): v.GenericSchema<unknown> {
  const entries = Object.entries(table).map(([name, row]) => {
    const isDefinite = row.settled === true || defaultOf(row) !== undefined;
    return [name, isDefinite ? schemaOf(row) : v.optional(schemaOf(row))];
  });
  return v.looseObject(Object.fromEntries(entries));
}
