/** All cases of a part, one after the other, as far as time allows. */
import { type AlternateOptions, alternate, type Case, cannot } from './alternate.js';
import type { CaseResult } from './figures.js';
import type { PartClock } from './part-clock.js';
import type { Asked, PeerName } from './protocol.js';
import { layerBytes, workloadFlops } from './workloads.js';

/** What stands where a peer was not given the time. */
export const NO_TIME = "over the run's time";

export interface MeasureOptions extends AlternateOptions {
  /** Of a run in bounded time. */
  readonly clock?: PartClock;
  /** After every case. A run may take hours: what it found is not to be lost. */
  readonly onResult?: (result: CaseResult, done: number) => Promise<void>;
}

/**
 * Results of all cases. One that there is no time for is one that nobody can. Who was too slow for one case is not
 * asked for the others of the part: they are much alike, and the time is better spent on the others.
 */
export async function measurePart(
  cases: readonly Case[],
  peers: readonly Asked[],
  { clock, onResult, ...options }: MeasureOptions,
): Promise<CaseResult[]> {
  clock?.nextPart(cases.reduce((sum, { weight = 1 }) => sum + weight, 0));
  const found: CaseResult[] = [];
  const tooSlow = new Set<PeerName>();
  for (const item of cases) {
    const isTime = clock?.nextCase(found.length === 0, item.weight) ?? true;
    const wanted = peers.filter(({ name }) => item.only?.includes(name) ?? true);
    const asked = isTime ? wanted.filter(({ name }) => !tooSlow.has(name)) : [];
    const outcomes = await alternate(item, asked, options);
    for (const { peer, cannot } of outcomes) if (cannot?.startsWith(NO_TIME)) tooSlow.add(peer);
    const unasked = wanted.filter((peer) => !asked.includes(peer)).map(({ name }) => cannot(name, NO_TIME));
    const { workload } = item;
    const bytes = workload.kind === 'layer' ? workload.copies * layerBytes(workload) : undefined;
    const result = { ...item, flops: workloadFlops(workload), bytes, outcomes: [...outcomes, ...unasked] };
    found.push(result);
    await onResult?.(result, found.length);
  }
  return found;
}
