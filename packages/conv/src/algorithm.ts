/**
 * Algorithms as values: each says by itself what it can compute, where it is the best choice, and which tiles are worth
 * a try. A {@link Registry} holds those of one kind of problem; choosing, a tuner's candidates and names given by hand
 * follow from it. A new algorithm is a file with such a value, and a line in its registry.
 */
import { type Candidates, type DeviceProfile, InfnetError } from '@infnet/core';

/** Sizes of a tile, in the order in which the algorithm's name has them: `gemm-tiled/64x64x16`. */
export type Tile = readonly number[];

export interface Algorithm<Problem, Name extends string = string> {
  readonly name: Name;
  /** Whether it can compute this here, and well enough for the precision. */
  fits(problem: Problem): boolean;
  /** Whether it is best by what was measured. Of several that fit and suit, the last of the registry is taken. */
  suits(problem: Problem): boolean;
  /** Tiles that a tuner tries; undefined is the one that the algorithm picks by itself. */
  tiles(problem: Problem): readonly (Tile | undefined)[];
  /** Whether it can have such a tile. */
  hasTile(tile: Tile): boolean;
}

/** An algorithm, perhaps with a tile; without, the tile follows from the problem. */
export interface Variant<A> {
  readonly algorithm: A;
  readonly tile?: Tile | undefined;
}

/** What a variant is called in attributes and in a tuner's tables. */
export type VariantName<Name extends string> = Name | `${Name}/${string}`;

export function variantName<Name extends string>({
  algorithm,
  tile,
}: Variant<{ readonly name: Name }>): VariantName<Name> {
  return tile === undefined ? algorithm.name : `${algorithm.name}/${tile.join('x')}`;
}

/** A test for tiles whose sizes are each one of a list. */
export function sizesOf(...choices: readonly (readonly number[])[]): (tile: Tile) => boolean {
  return (tile) => tile.length === choices.length && choices.every((list, i) => list.includes(tile[i] as number));
}

/** A test for tiles of so many sizes, each of 1 to a most. */
export function sizesUpTo(...most: readonly number[]): (tile: Tile) => boolean {
  return (tile) =>
    tile.length === most.length &&
    tile.every((size, i) => Number.isInteger(size) && size >= 1 && size <= (most[i] as number));
}

/** The algorithms of one kind of problem, from the general to the special. */
export class Registry<
  Problem extends { readonly device: Pick<DeviceProfile, 'tuning'> },
  Name extends string,
  A extends Algorithm<Problem, Name>,
> {
  /**
   * @param keyOf what a tuner's table calls a problem
   * @param title how an error speaks of an algorithm of that name
   */
  constructor(
    readonly algorithms: readonly A[],
    readonly keyOf: (problem: Problem) => string,
    readonly title: (name: string) => string,
  ) {}

  /** The choice by device, shape and precision. */
  own(problem: Problem): Variant<A> {
    const algorithm = this.algorithms.findLast((each) => each.fits(problem) && each.suits(problem));
    if (algorithm === undefined) throw new Error(`no algorithm for ${this.keyOf(problem)}`);
    return { algorithm };
  }

  /** The tuner's choice, else the {@link own} one. */
  choose(problem: Problem): Variant<A> {
    const name = problem.device.tuning?.[this.keyOf(problem)];
    // A table may come from a file: only what this device can do is taken.
    const tuned = name === undefined ? undefined : this.#tries(problem).find((each) => variantName(each) === name);
    return tuned ?? this.own(problem);
  }

  /** All ways to do this here that are worth a try, the own one first. */
  candidates(problem: Problem): Candidates {
    const own: string = variantName(this.own(problem));
    const others = this.#tries(problem).map((each): string => variantName(each));
    return { key: this.keyOf(problem), names: [own, ...others.filter((name) => name !== own)] };
  }

  /**
   * The variant of a name that a person or a graph gives.
   * @throws InfnetError `KERNEL_UNAVAILABLE` for a name that there is not, or a tile that the algorithm cannot have.
   */
  named(text: string): Variant<A> {
    const [name = '', sizes = ''] = text.split('/');
    const algorithm = this.algorithms.find((each) => each.name === name);
    const tile = sizes === '' ? undefined : sizes.split('x').map(Number);
    if (tile !== undefined && (algorithm?.hasTile(tile) !== true || tile.join('x') !== sizes)) {
      throw new InfnetError({
        code: 'KERNEL_UNAVAILABLE',
        message: `the kernel ${name} has no tile ${sizes}`,
        fix: FIX,
      });
    }
    if (algorithm === undefined) throw unavailable(this.title(name), 'a name that is known');
    return { algorithm, tile };
  }

  /** What was asked for by name, else the choice. */
  take(name: string | undefined, problem: Problem): Variant<A> {
    return name === undefined ? this.choose(problem) : this.named(name);
  }

  #tries(problem: Problem): Variant<A>[] {
    return this.algorithms
      .filter((algorithm) => algorithm.fits(problem))
      .flatMap((algorithm) => algorithm.tiles(problem).map((tile) => ({ algorithm, tile })));
  }
}

const FIX = 'Leave the choice of the algorithm to infnet.';

/** What is thrown where a device lacks something that an algorithm needs. */
export function unavailable(title: string, needs: string): InfnetError {
  const message = `${title} needs ${needs}, which this device does not have`;
  return new InfnetError({ code: 'KERNEL_UNAVAILABLE', message, fix: FIX });
}
