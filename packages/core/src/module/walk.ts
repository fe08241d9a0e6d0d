/**
 * The walk that finds what a module holds and names it by the way there.
 *
 * Modules and parameters are found in properties, and in arrays, sets, maps and plain objects that lie in properties.
 * Not found: `#private` fields, variables, and objects of other classes; `hidden.ts` says so when such a parameter is
 * planned.
 *
 * A parameter or module that is reached by several ways is one, named after the first of them; the further names of its
 * parameters are their aliases. A reference back to a module above is no further way.
 */
import { Parameter } from './parameter.js';

/** What was found, in the order of definition. */
export interface Walk<M> {
  /** Parents first, each once. */
  readonly modules: ReadonlySet<M>;
  /** Every name with its parameter, as a `state_dict` lists them. */
  readonly entries: readonly (readonly [name: string, parameter: Parameter])[];
}

/** How the walk knows a module, and what it looks into. */
export interface ModuleKind<M> {
  isModule(value: unknown): value is M;
  /** Names and values of what lies directly in a module. */
  contents(module: M): Iterable<readonly [string, unknown]>;
}

export function walk<M extends { path: string }>(root: M, { isModule, contents }: ModuleKind<M>): Walk<M> {
  const modules = new Set<M>();
  const entries: (readonly [string, Parameter])[] = [];
  /** Modules and containers that the walk is inside of. */
  const open = new Set<object>();
  const inside = (value: object, path: string, items: Iterable<readonly [string, unknown]>): void => {
    if (open.has(value)) return;
    open.add(value);
    for (const [key, item] of items) visit(item, path === '' ? key : `${path}.${key}`);
    open.delete(value);
  };
  const visit = (value: unknown, path: string): void => {
    if (value instanceof Parameter) entries.push([path, value]);
    else if (isModule(value)) {
      if (!modules.has(value)) value.path = path;
      modules.add(value);
      inside(value, path, contents(value));
    } else if (typeof value === 'object' && value !== null) {
      const items = itemsOf(value);
      if (items !== undefined) inside(value, path, items);
    }
  };
  visit(root, root.path);
  name(entries, root.path !== '');
  return { modules, entries };
}

/**
 * Names parameters after the first of their ways. A walk through a part of a net leaves names alone that the whole net
 * gave.
 */
function name(entries: Walk<unknown>['entries'], isPart: boolean): void {
  const ways = new Map<Parameter, string[]>();
  for (const [way, parameter] of entries) ways.set(parameter, [...(ways.get(parameter) ?? []), way]);
  for (const [parameter, [first = '', ...further]] of ways) {
    const known = [parameter.name, ...parameter.aliases];
    if (isPart && [first, ...further].every((way) => known.includes(way))) continue;
    parameter.name = first;
    parameter.aliases = further;
  }
}

/** What lies in a container; undefined for what is none. */
function itemsOf(value: object): Iterable<readonly [string, unknown]> | undefined {
  if (Array.isArray(value)) return numbered(value);
  if (value instanceof Set) return numbered([...value]);
  if (value instanceof Map) {
    const named = (key: unknown): boolean => typeof key === 'string' || typeof key === 'number';
    return [...value].map(([key, item], i) => [String(named(key) ? key : i), item] as const);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object of another realm has a prototype that is itself the end of the chain.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain ? Object.entries(value) : undefined;
}

export function numbered(values: readonly unknown[]): [string, unknown][] {
  return values.map((value, i) => [String(i), value]);
}
