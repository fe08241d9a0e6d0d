/**
 * Names of operands: an operator says once what its inputs and outputs are called, in their order.
 *
 * `x` is always there, `bias?` may be left out, `...parts` are any number. Where the number of operands does not tell
 * which are there (two that may be left out, two lists), the operator's attributes do: {@link OperandCounts}.
 */
import { InfnetError } from '@infnet/errors';

/** The name that a rule uses: without the marks. */
export type BareName<K extends string> = K extends `...${infer R}` ? R : K extends `${infer R}?` ? R : K;

type Names = readonly string[];
type Required<N extends Names> = Exclude<N[number], `...${string}` | `${string}?`>;

/** What stands for each name: one, one or undefined, a list. */
export type Operands<N extends Names, T> = {
  readonly [K in N[number] as BareName<K>]: K extends `...${string}`
    ? readonly T[]
    : K extends `${string}?`
      ? T | undefined
      : T;
};

/** What a rule gives for each name; those that may be left out may be left out here. */
export type GivenOperands<N extends Names, T> = { readonly [K in Required<N>]: T } & {
  readonly [K in Exclude<N[number], Required<N>> as BareName<K>]?: K extends `...${string}`
    ? readonly T[]
    : T | undefined;
};

/** Gradients by name; undefined, or nothing, for what gets none. */
export type GivenGradients<N extends Names, T> = {
  readonly [K in N[number] as BareName<K>]?: K extends `...${string}` ? readonly (T | undefined)[] : T | undefined;
};

/** How many operands lie behind the names that do not stand for exactly one: a flag or a number. */
export type OperandCounts<N extends Names> = {
  readonly [K in Exclude<N[number], Required<N>> as BareName<K>]?: K extends `...${string}` ? number : boolean;
};

interface Slot {
  readonly name: string;
  readonly kind: 'one' | 'optional' | 'list';
}

/** The operands of one side of an operator, between their order and their names. */
export class OperandNames<N extends Names> {
  readonly #slots: readonly Slot[];
  readonly #required: number;

  constructor(names: N) {
    this.#slots = names.map((name): Slot => {
      if (name.startsWith('...')) return { name: name.slice(3), kind: 'list' };
      return name.endsWith('?') ? { name: name.slice(0, -1), kind: 'optional' } : { name, kind: 'one' };
    });
    this.#required = this.#slots.filter(({ kind }) => kind === 'one').length;
  }

  /** How many there may be; undefined where a name stands for a list. */
  get arity(): number | readonly [least: number, most: number] | undefined {
    if (this.#slots.some(({ kind }) => kind === 'list')) return undefined;
    const most = this.#slots.length;
    return this.#required === most ? most : [this.#required, most];
  }

  /**
   * The operands by name.
   *
   * @throws InfnetError `GRAPH_INPUT` where there are more or fewer than names.
   */
  byName<T>(values: readonly T[], operator: string, counts?: OperandCounts<N>): Operands<N, T> {
    const found: Record<string, T | readonly T[] | undefined> = {};
    const sizes = this.#sizes(values.length, operator, counts);
    let at = 0;
    for (const [i, { name, kind }] of this.#slots.entries()) {
      const size = sizes[i] ?? 0;
      found[name] = kind === 'list' ? values.slice(at, at + size) : size === 1 ? values[at] : undefined;
      at += size;
    }
    // The one place where order becomes names: the type says of each slot what the loop above put there.
    return found as Operands<N, T>;
  }

  /** What is given by name, in order; undefined where a rule gave nothing and `keep` has a place for it. */
  inOrder<T>(given: Readonly<Record<string, T | readonly T[] | undefined>>): T[] {
    return this.#slots.flatMap(({ name, kind }): readonly T[] => {
      const value = given[name];
      if (value === undefined) return [];
      return kind === 'list' ? (value as readonly T[]) : [value as T];
    });
  }

  /** One value, or undefined, for each of `total` operands: what was given for its name. */
  aligned<T>(
    given: Readonly<Record<string, T | readonly (T | undefined)[] | undefined>>,
    total: number,
    operator: string,
    counts?: OperandCounts<N>,
  ): (T | undefined)[] {
    const sizes = this.#sizes(total, operator, counts);
    return this.#slots.flatMap(({ name, kind }, i): readonly (T | undefined)[] => {
      const value = given[name];
      const list = kind === 'list' ? (value as readonly (T | undefined)[] | undefined) : [value as T | undefined];
      return Array.from({ length: sizes[i] ?? 0 }, (_, k) => list?.[k]);
    });
  }

  /** How many of `total` operands lie behind each name. */
  #sizes(
    total: number,
    operator: string,
    counts: Readonly<Record<string, number | boolean | undefined>> = {},
  ): number[] {
    const known = this.#slots.map(({ name, kind }) => {
      if (kind === 'one') return 1;
      const count = counts[name];
      return count === undefined ? undefined : Number(count);
    });
    let rest = total - known.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    const sizes = this.#slots.map(({ kind }, i) => {
      const size = known[i] ?? Math.max(0, kind === 'list' ? rest : Math.min(1, rest));
      if (known[i] === undefined) rest -= size;
      return size;
    });
    if (rest === 0) return sizes;
    const names = this.#slots.map(
      ({ name, kind }) => `${kind === 'list' ? '...' : ''}${name}${kind === 'optional' ? '?' : ''}`,
    );
    const message = `${operator} has ${total} operands; ${names.join(', ') || 'none'} are needed`;
    throw new InfnetError({ code: 'GRAPH_INPUT', message, where: operator });
  }
}
