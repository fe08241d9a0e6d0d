/**
 * First fit in time: of buffers that are taken in turns, the first that is free during a life.
 *
 * A training step has as many buffers as forward maps, and each of its thousands of gradients asks for the first that
 * is free. Nearly all are not, and for one reason: they hold maps from the forward pass to the end. So buffers are
 * grouped by two, groups by two, and so on; each group keeps times in which all of its buffers are taken, and a life
 * that meets one of them passes the whole group by. A group keeps a few such times only: that costs a look at more
 * buffers, never another answer.
 */

/** First and last dispatch, inclusive, in which a storage is used. */
export interface Lifetime {
  readonly first: number;
  readonly last: number;
}

/** Times, inclusive, in order, with gaps between them. */
type Times = Lifetime[];

/** Times kept of a group: the longest. */
const KEPT = 8;

export class FirstFit {
  /** When a buffer is taken; above, of each level, when both groups below are (the first alone, where it is alone). */
  readonly #levels: Times[][] = [[]];

  /** Takes the first buffer that is free during a life, a new one where none is; returns its index. */
  take(life: Lifetime): number {
    const [buffers] = this.#levels as [Times[], ...Times[][]];
    const free = this.#find(this.#levels.length - 1, 0, life);
    if (free === undefined) {
      this.#addBuffer(life);
      return buffers.length - 1;
    }
    this.#takeBuffer(free, life);
    return free;
  }

  #find(level: number, at: number, life: Lifetime): number | undefined {
    const taken = this.#levels[level]?.[at];
    if (taken === undefined || meets(taken, life)) return undefined;
    if (level === 0) return at;
    return this.#find(level - 1, 2 * at, life) ?? this.#find(level - 1, 2 * at + 1, life);
  }

  /** The groups above are taken less often than before, or are new. */
  #addBuffer(life: Lifetime): void {
    let below = this.#levels[0] as Times[];
    below.push([life]);
    for (let level = 1; below.length > 1; level++) {
      const groups = this.#levels[level] ?? [];
      this.#levels[level] = groups;
      const at = (below.length - 1) >> 1;
      const [first, second] = [below[2 * at] as Times, below[2 * at + 1]];
      groups[at] = second === undefined ? first.slice(0, KEPT) : common(second, first);
      below = groups;
    }
  }

  /** The groups above are taken more often than before: where all other buffers of theirs are during this life. */
  #takeBuffer(index: number, life: Lifetime): void {
    add((this.#levels[0] as Times[])[index] as Times, life);
    let added: Times = [life];
    let at = index;
    for (let level = 1; level < this.#levels.length && added.length > 0; level++) {
      const sibling = this.#levels[level - 1]?.[at ^ 1];
      if (sibling !== undefined) added = common(added, sibling);
      at >>= 1;
      const group = (this.#levels[level] as Times[])[at] as Times;
      for (const time of added) add(group, time);
      while (group.length > KEPT) removeShortest(group);
    }
  }
}

/** Index of the first of the times that ends at `at` or later. */
function firstFrom(times: Times, at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as Lifetime).last < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function meets(times: Times, { first, last }: Lifetime): boolean {
  const next = times[firstFrom(times, first)];
  return next !== undefined && next.first <= last;
}

/** Adds a time that meets none of the others; those that it touches become one with it. */
function add(times: Times, { first, last }: Lifetime): void {
  const at = firstFrom(times, first);
  const [before, after] = [times[at - 1], times[at]];
  const from = before?.last === first - 1 ? before : undefined;
  const to = after?.first === last + 1 ? after : undefined;
  const joined = { first: from?.first ?? first, last: to?.last ?? last };
  times.splice(at - Number(from !== undefined), Number(from !== undefined) + Number(to !== undefined), joined);
}

/** When both are taken: some of all such times. */
function common(few: Times, many: Times): Times {
  const found: Times = [];
  for (const { first, last } of few) {
    for (let i = firstFrom(many, first); i < many.length && found.length < KEPT; i++) {
      const other = many[i] as Lifetime;
      if (other.first > last) break;
      found.push({ first: Math.max(first, other.first), last: Math.min(last, other.last) });
    }
  }
  return found;
}

function removeShortest(times: Times): void {
  const lengths = times.map(({ first, last }) => last - first);
  times.splice(lengths.indexOf(Math.min(...lengths)), 1);
}
