import { assertNotAborted } from './abort.js';
import type { ItemInputs } from './items.js';

/** What `load` gives: the inputs of an item, and whatever else shall come back with its outputs. */
export interface Predictable<I extends string = string> {
  readonly inputs: ItemInputs<I>;
}

/** The items of one batch after the other: as many as it takes, loaded together; only the last may be smaller. */
export async function* batches<S, T extends Predictable>(
  sources: Iterable<S> | AsyncIterable<S>,
  load: (source: S) => T | undefined | Promise<T | undefined>,
  batch: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly T[], void, undefined> {
  let items: T[] = [];
  let loading: Promise<T | undefined>[] = [];
  const take = async (): Promise<void> => {
    const loaded = await Promise.all(loading);
    items.push(...loaded.filter((item) => item !== undefined));
    loading = [];
  };
  for await (const source of sources) {
    assertNotAborted(signal);
    const item = Promise.resolve(source).then(load);
    // Whoever ends before it is waited for.
    item.catch(() => {});
    loading.push(item);
    if (items.length + loading.length < batch) continue;
    await take();
    if (items.length < batch) continue;
    assertNotAborted(signal);
    yield items;
    items = [];
  }
  await take();
  if (items.length === 0) return;
  assertNotAborted(signal);
  yield items;
}
