/** Plans by key, a bounded number of them: the one that was not used for longest makes room for the next. */
import type { BatchedPlan } from '../plan/in-batches.js';

interface Entry {
  readonly planning: Promise<BatchedPlan>;
  plan?: BatchedPlan;
  users: number;
}

export class PlanCache {
  #most: number;
  /** The one used last stands last. */
  readonly #entries = new Map<string, Entry>();

  /** @param most plans that are kept; there are more only while more are in use. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Calls `body` with the plan of `key`, which `make` plans when there is none. The plan stays until `body` has ended.
   * Room is made before planning, so that no more than `most` plans lie in memory together.
   */
  async use<T>(
    key: string,
    make: () => Promise<BatchedPlan>,
    body: (planning: Promise<BatchedPlan>) => Promise<T>,
  ): Promise<T> {
    const entry = this.#entries.get(key) ?? this.#plan(key, make);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      return await body(entry.planning);
    } finally {
      entry.users--;
      this.#shrink(this.#most);
    }
  }

  /** Frees all plans, those in use when they are not any more; keeps none from now on. */
  retire(): void {
    this.#most = 0;
    this.#shrink(0);
  }

  /** Frees all plans now; runs in progress fail with `PLAN_DISPOSED`. */
  dispose(): void {
    this.#most = 0;
    for (const entry of this.#entries.values()) free(entry);
    this.#entries.clear();
  }

  #plan(key: string, make: () => Promise<BatchedPlan>): Entry {
    this.#shrink(Math.max(0, this.#most - 1));
    const entry: Entry = { planning: make(), users: 0 };
    entry.planning.then(
      (plan) => {
        entry.plan = plan;
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry;
  }

  #shrink(most: number): void {
    for (const [key, entry] of [...this.#entries]) {
      if (this.#entries.size <= most) return;
      if (entry.users > 0) continue;
      this.#entries.delete(key);
      free(entry);
    }
  }
}

/** At once where it is planned; else when it is. */
function free({ plan, planning }: Entry): void {
  if (plan !== undefined) plan.dispose();
  else
    planning.then(
      (late) => late.dispose(),
      () => {},
    );
}
