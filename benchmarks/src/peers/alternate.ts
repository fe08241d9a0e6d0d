/**
 * One case, all peers: prepared one after the other, compared with infnet, then timed in turns. What else the machine
 * does changes within seconds; in turns it meets all alike, and the ratio stays. The order moves on with every round,
 * so that nobody always follows the same neighbour.
 */
import {
  type Asked,
  type DeviceSeconds,
  messageOf,
  type Part,
  type PeerName,
  type Prepared,
  type Workload,
} from './protocol.js';

export interface Case {
  readonly title: string;
  readonly group: Part;
  readonly workload: Workload;
  /** Who alone takes part; default: all. */
  readonly only?: readonly PeerName[];
  /** Share of the part's time, where that is short. Default 1. */
  readonly weight?: number;
  /**
   * The device's own time is asked for too, once in so many rounds: it costs several runs. The first round then does
   * not count: a card takes that long to wake.
   */
  readonly onDevice?: number;
  /** How often a layer occurs in its net. */
  readonly count?: number;
  /** False where the gradient of the input counts in no sum: it is an image. */
  readonly needsInputGradient?: boolean;
}

/** What came of one peer in one case. */
export interface Outcome extends Partial<Omit<Prepared, 'results'>> {
  readonly peer: PeerName;
  /** Its error, where it cannot do the work. */
  readonly cannot?: string;
  /** Seconds of each run. */
  readonly seconds: readonly number[];
  /** See {@link DeviceSeconds}: the same names, seconds of each time that it was asked. */
  readonly device?: Readonly<Record<string, readonly number[]>>;
  /** Largest relative L2 difference of a result from infnet's. */
  readonly difference?: number;
}

export interface AlternateOptions {
  readonly rounds: number;
  /** Seconds after which no further round begins. One round there is always. */
  readonly budget: number | (() => number);
  readonly now?: () => number;
}

/** Of a case's time, what all preparing together may take; the rest is for the rounds. */
const PREPARING = 0.7;

/**
 * The first, with which all others are compared, may take the time of two cases; the others what they leave each other.
 */
function shareOf(index: number, count: number): number {
  return index === 0 ? 2 : PREPARING / (count - index);
}

/** Outcomes in the order of the peers. The first peer's results are what the others are compared with. */
export async function alternate(
  { workload, onDevice }: Pick<Case, 'workload' | 'onDevice'>,
  peers: readonly Asked[],
  { rounds, budget, now = () => performance.now() / 1e3 }: AlternateOptions,
): Promise<Outcome[]> {
  const outcomes = new Map<PeerName, Outcome>();
  let reference: Prepared['results'] | undefined;
  for (const [index, peer] of peers.entries()) {
    try {
      const { results, ...figures } = await peer.prepare(workload, shareOf(index, peers.length));
      const difference = reference === undefined ? undefined : largestDifference(results, reference);
      reference ??= results;
      outcomes.set(peer.name, { peer: peer.name, seconds: [], difference, ...figures });
    } catch (error) {
      outcomes.set(peer.name, cannot(peer.name, error));
    }
  }
  const running = peers.filter(({ name }) => outcomes.get(name)?.cannot === undefined);
  const begin = now();
  const allowed = typeof budget === 'number' ? budget : budget();
  for (
    let round = onDevice === undefined ? 0 : -1;
    round < rounds && (round <= 0 || now() - begin < allowed);
    round++
  ) {
    for (const peer of rotated(running, Math.max(0, round))) {
      const outcome = outcomes.get(peer.name) as Outcome;
      if (outcome.cannot !== undefined) continue;
      try {
        const sample = await peer.sample();
        const seconds = round < 0 ? [] : [...outcome.seconds, sample];
        const isLook = onDevice !== undefined && round >= 0 && round % onDevice === 0;
        const found = isLook ? Object.entries((await peer.device?.()) ?? {}) : [];
        const device = found.map(([name, value]) => [name, [...(outcome.device?.[name] ?? []), value]]);
        outcomes.set(peer.name, {
          ...outcome,
          seconds,
          ...(device.length > 0 ? { device: Object.fromEntries(device) } : {}),
        });
      } catch (error) {
        outcomes.set(peer.name, cannot(peer.name, error));
      }
    }
  }
  for (const peer of running) await peer.release().catch(() => {});
  return peers.map(({ name }) => outcomes.get(name) as Outcome);
}

/** What is shown of a peer that did not do the work. */
export function cannot(peer: PeerName, error: unknown): Outcome {
  return { peer, seconds: [], cannot: messageOf(error) };
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

type Results = Prepared['results'];

/** Infinity where a result is missing or of another length, or not a number. */
export function largestDifference(results: Results, reference: Results): number {
  const differences = Object.entries(reference).map(([name, expected]) => {
    const found = results[name];
    return found?.length === expected.length ? relativeL2(found, expected) : Number.POSITIVE_INFINITY;
  });
  return Math.max(...differences);
}

/** ||a - b|| / ||b||; where b is 0, ||a||. */
export function relativeL2(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    size += (b[i] as number) ** 2;
  }
  const relative = Math.sqrt(difference / (size === 0 ? 1 : size));
  return Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative;
}
