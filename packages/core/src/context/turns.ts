/**
 * Who submits before whom.
 *
 * A queue runs what it gets in the order in which it gets it, so runs that are submitted whole need not wait for each
 * other. A run that is submitted piece by piece does: what another one submits in between would overwrite its
 * intermediates (the plan's, the arena's) or change the parameters under it. So a plan, an arena and a parameter store
 * each have a list of the runs that still have something to submit. Those that only read may be on a list together.
 */
export class Turns {
  readonly #entered = new Map<Promise<unknown>, boolean>();

  /** What somebody who comes now must wait for. */
  before(shared: boolean): Promise<unknown>[] {
    if (this.#entered.size === 0) return [];
    return [...this.#entered].filter(([, other]) => !(shared && other)).map(([over]) => over);
  }

  /** Puts a run on the list until `over`, which must not reject. */
  enter(over: Promise<unknown>, shared: boolean): void {
    this.#entered.set(over, shared);
    void over.then(() => this.#entered.delete(over));
  }

  get isFree(): boolean {
    return this.#entered.size === 0;
  }
}

/** A list, and whether a run is on it together with others. */
export interface Turn {
  readonly turns: Turns;
  readonly shared: boolean;
}

/** What has begun: `over` settles when its last part is submitted, and is undefined when that has happened. */
export interface Begun<T> {
  readonly over?: Promise<unknown> | undefined;
  readonly result: Promise<T>;
}

/** What a run waits for beside the runs before it, and what it does before it waits. */
export interface Wait {
  /** Begin not before this settles. */
  readonly until?: Promise<unknown> | undefined;
  /** Undefined when there is room to begin; else something after which there may be. */
  readonly room?: () => Promise<unknown> | undefined;
  /** Copies what a caller may change in the meantime. */
  readonly keep: () => void;
}

/** Begins now, before this returns, unless there is something to wait for; then `begin` is called in its turn. */
export function takeTurn<T>(lists: readonly Turn[], begin: () => Begun<T>, { until, room, keep }: Wait): Promise<T> {
  const enter = (over: Promise<unknown>): void => {
    const settled = over.catch(() => {});
    for (const { turns, shared } of lists) turns.enter(settled, shared);
  };
  const before = lists.flatMap(({ turns, shared }) => turns.before(shared));
  if (before.length === 0 && until === undefined && room?.() === undefined) {
    const { over, result } = begin();
    if (over !== undefined) enter(over);
    return result;
  }
  keep();
  const wait = async (): Promise<Begun<T>> => {
    await Promise.allSettled([...before, until]);
    // Those before us have what room there was; it is looked for again after each of them.
    for (let next = room?.(); next !== undefined; next = room?.()) await next;
    return begin();
  };
  const begun = wait();
  enter(begun.then(({ over }) => over));
  return begun.then(({ result }) => result);
}
