/**
 * Forward, gradient of the input (dX) and gradient of the weights (dW) of every convolution, each alone on the device:
 * tables of rates, and the sums over a whole net, in which each layer counts as often as it occurs.
 */
import type { Block } from '@infnet/report';
import type { CaseResult } from '../peers/figures.js';
import { PEER_TITLES } from '../peers/peer-table.js';
import { type Ceilings, PASSES, type PassName, type PeerName, referenceOf } from '../peers/protocol.js';
import { ratioOf, summarize, type Timing } from '../statistics.js';
import { left, right } from '../text.js';

const NAMES: Readonly<Record<PassName, string>> = { forward: 'forward', inputGradient: 'dX', weightGradient: 'dW' };

/** Seconds of one occurrence, round by round; undefined for what was not done, and of the gradient of an image. */
function secondsOf(result: CaseResult, peer: PeerName, pass: PassName): readonly number[] | undefined {
  if (pass === 'inputGradient' && result.needsInputGradient === false) return undefined;
  return result.outcomes.find((outcome) => outcome.peer === peer)?.device?.[pass];
}

export interface PassTotal {
  readonly layers: number;
  readonly flops: number;
  /** Sum of the medians. */
  readonly seconds: number;
  /** Sums of single rounds. */
  readonly rounds: readonly number[];
}

/** Over the layers that every one of `peers` did, times their counts. */
export function passTotal(
  results: readonly CaseResult[],
  pass: PassName,
  peers: readonly [PeerName, ...PeerName[]],
): PassTotal {
  const done = results.flatMap((result) => {
    const all = peers.map((peer) => secondsOf(result, peer, pass));
    return all.every((found) => found !== undefined) ? [{ result, samples: all[0] as readonly number[] }] : [];
  });
  const sum = (of: (samples: readonly number[]) => number): number =>
    done.reduce((total, { result: { count = 1 }, samples }) => total + count * of(samples), 0);
  const rounds = Math.min(...done.map(({ samples }) => samples.length));
  return {
    layers: done.length,
    // A case's work is that of the three passes.
    flops: done.reduce((total, { result: { flops, count = 1 } }) => total + (count * flops) / PASSES.length, 0),
    seconds: sum((samples) => summarize(samples).median),
    rounds: Array.from({ length: done.length === 0 ? 0 : rounds }, (_, i) => sum((samples) => samples[i] as number)),
  };
}

/** How fast a pass is beside the forward: ratio of rates, with its range over rounds. */
export function shareOfForward(pass: PassTotal, forward: PassTotal): Omit<Timing, 'runs'> {
  const rate = ({ flops }: PassTotal, seconds: number): number => flops / seconds;
  const rounds = pass.rounds.map((seconds, i) => rate(pass, seconds) / rate(forward, forward.rounds[i] as number));
  const median = rate(pass, pass.seconds) / rate(forward, forward.seconds);
  return { median, smallest: Math.min(...rounds), largest: Math.max(...rounds) };
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const giga = (flops: number, seconds: number): string => (flops / seconds / 1e9).toFixed(2);

/** Nothing where no passes were timed. `roof`: what shares of the peak are taken of. */
export function passBlocks(results: readonly CaseResult[], all: readonly PeerName[], roof?: Ceilings): Block[] {
  const peers = all.filter((peer) => passTotal(results, 'forward', [peer]).layers > 0);
  if (peers.length === 0) return [];
  const totals = peers.flatMap((peer) =>
    PASSES.map((pass): string[] => {
      const [mine, forward] = [passTotal(results, pass, [peer]), passTotal(results, 'forward', [peer])];
      const { median, smallest, largest } = shareOfForward(mine, forward);
      const ours = passTotal(results, pass, [referenceOf(peer), peer]);
      const theirs = passTotal(results, pass, [peer, referenceOf(peer)]);
      const range = pass === 'forward' ? '' : `${percent(median)} (${percent(smallest)} to ${percent(largest)})`;
      return [
        ...[
          PEER_TITLES[peer],
          NAMES[pass],
          String(mine.layers),
          (mine.flops / 1e9).toFixed(2),
          mine.seconds.toFixed(3),
        ],
        ...[giga(mine.flops, mine.seconds), range],
        roof === undefined ? '' : percent(mine.flops / mine.seconds / roof.compute),
        ours.layers === 0 || peer === referenceOf(peer) ? '' : `${(theirs.seconds / ours.seconds).toFixed(2)}x`,
      ];
    }),
  );
  const columns = peers.flatMap((peer) => PASSES.map((pass) => ({ peer, pass })));
  const rows = results.map((result) => [
    ...[result.title, String(result.count ?? 1), (result.flops / PASSES.length / 1e9).toFixed(3)],
    ...columns.map(({ peer, pass }) => {
      const samples = secondsOf(result, peer, pass);
      if (samples === undefined) return '';
      const { median } = summarize(samples);
      const base = referenceOf(peer);
      const ratio = peer === base ? undefined : ratioOf(samples, secondsOf(result, base, pass));
      const times = ratio === undefined ? '' : ` ${ratio.median.toFixed(2)}x`;
      return `${(median * 1e3).toFixed(2)} ms, ${giga(result.flops / PASSES.length, median)}${times}`;
    }),
  ]);
  const titles = columns.map(({ peer, pass }) => `${peers.length > 1 ? `${PEER_TITLES[peer]} ` : ''}${NAMES[pass]}`);
  return [
    {
      kind: 'table',
      title: 'Each pass alone on the device: time, GFLOP/s of the direct convolution, times as long',
      columns: [left('layer'), ...['count', 'GFLOP', ...titles].map(right)],
      rows,
    },
    {
      kind: 'table',
      title: 'All layers, each as often as it occurs: sum of FLOPs by sum of median times',
      columns: [
        ...[left(''), left('pass')],
        ...['layers', 'GFLOP', 's', 'GFLOP/s', 'of forward (by round)', 'of roof', 'times as long'].map(right),
      ],
      rows: totals,
    },
  ];
}
