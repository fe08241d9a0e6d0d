/** What is measured. */
import { distinctConvolutions, type Layer, layerLabel } from '../gradients/layers.js';
import type { Case } from './alternate.js';
import { PEERS } from './peer-table.js';
import type { LayerShape, NetName, Part, PeerName, Workload } from './protocol.js';
import { layerFlops, traceNet } from './workloads.js';

export interface CaseOptions {
  readonly size: number;
  readonly batch: number;
  readonly quick: boolean;
}

const NET_TITLES: Readonly<Record<NetName, string>> = { 'inf-net': 'Inf-Net', res2net50: 'Res2Net-50' };

/** Forward passes at the given size, and at 96 pixels, where maps are small. Quick: the given size alone. */
export function forwardCases({ size, batch, quick }: CaseOptions): Case[] {
  const sizes = quick ? [size] : [...new Set([size, 96])];
  return sizes.flatMap((side) =>
    (quick ? (['inf-net'] as const) : (['inf-net', 'res2net50'] as const)).map((net): Case => {
      const title = `${NET_TITLES[net]} forward, ${batch}x3x${side}x${side}`;
      return { title, group: 'forward', workload: { kind: 'forward', net, batch, size: side } };
    }),
  );
}

/**
 * A step at 2 x 96, and where it is not to be quick at 8 x the given size. Inf-Net's is there to show which libraries
 * cannot.
 */
export function stepCases({ size, quick }: CaseOptions): Case[] {
  const shapes = quick ? [[2, 64] as const] : [[2, 96] as const, [8, size] as const];
  return shapes.flatMap(([batch, side]) =>
    (['res2net50', 'inf-net'] as const).map((net): Case => {
      const title = `${NET_TITLES[net]} training step, ${batch}x3x${side}x${side}`;
      return { title, group: 'step', workload: { kind: 'step', net, batch, size: side } };
    }),
  );
}

/**
 * What a card is compared by: Inf-Net at batch 1 and 8, and training steps with its own loss. Then each again beside
 * torch.compile alone, which needs long to compile and comes last for that, with half the time.
 */
export function cardCases({ size, quick }: CaseOptions): Case[] {
  const net = 'inf-net' as const;
  const forward = (batch: number): Workload => ({ kind: 'forward', net, batch, size });
  const step = (batch: number): Workload => ({ kind: 'step', net, batch, size, ownLoss: true });
  const workloads = quick ? [forward(1), forward(2), step(1), step(2)] : [forward(1), forward(8), step(8), step(24)];
  const makeCase = (workload: Workload, only: readonly PeerName[], weight: number): Case => {
    const { kind, batch } = workload as Extract<Workload, { kind: 'forward' | 'step' }>;
    const what = kind === 'step' ? 'training step' : 'forward';
    const title = `${what} ${batch}x3x${size}x${size}${weight < 1 ? ', compiled' : ''}`;
    return { title, group: 'card', workload, only, weight, onDevice: 3 };
  };
  const isEager = (name: PeerName): boolean => name !== 'torch-compile';
  const ofNets = PEERS.filter((name) => isEager(name) && !/^cudnn|half|matrix/.test(name));
  return [
    ...workloads.map((workload, i) => makeCase(workload, i === 0 ? ofNets : ofNets.filter(notTuned), 1)),
    ...workloads.map((workload) => makeCase(workload, ['infnet', 'torch-compile'], 0.5)),
  ];
}

/**
 * Inf-Net at half precision with and without matrix units (experimental), beside the same adapter's other precisions.
 */
export function matrixCases({ size, quick }: CaseOptions): Case[] {
  return (quick ? [1] : [1, 8]).map((batch) => {
    const workload = { kind: 'forward', net: 'inf-net', batch, size, damped: true } as const;
    return {
      title: `forward ${batch}x3x${size}x${size}, damped`,
      group: 'matrix',
      workload,
      only: PRECISIONS,
      onDevice: 1,
    };
  });
}

export const PRECISIONS: readonly PeerName[] = ['infnet', 'infnet-exact', 'infnet-half', 'infnet-matrix'];

/** `infnet tune` makes its table for one image. */
const notTuned = (name: PeerName): boolean => name !== 'infnet-tuned';

/** Shapes that others publish figures of. */
const PUBLIC: readonly LayerShape[] = [
  [64, 256],
  [128, 512],
].map(([channels, side]) => ({
  input: [1, channels as number, side as number, side as number],
  weight: [128, channels as number, 3, 3],
  stride: [1, 1],
  padding: [1, 1, 1, 1],
  dilation: [1, 1],
  groups: 1,
}));

/** The distinct convolutions of Inf-Net, heaviest first. Quick: the three heaviest. */
export function layerCases({ size, batch, quick }: CaseOptions): Case[] {
  const layers = infNetLayers(size, batch);
  return (quick ? layers.slice(0, 3) : layers).map(({ count: _, needsInputGradient: __, ...shape }) =>
    layerCase(shape, 'layer'),
  );
}

/** The public shapes, forward, then with their gradients; their size is their own. Quick: the smaller one, forward. */
export function publicCases({ quick }: CaseOptions): Case[] {
  const forward = PUBLIC.map((shape) => layerCase(shape, 'public'));
  if (quick) return forward.slice(0, 1);
  return [...forward, ...PUBLIC.map((shape) => gradientCase(shape, 'public'))];
}

/**
 * The same convolutions with their gradients, and each pass alone on the device. Quick: the heaviest, and the heaviest
 * dilated one.
 */
export function gradientCases({ size, batch, quick }: CaseOptions): Case[] {
  const layers = infNetLayers(size, batch);
  const dilated = layers.filter(({ dilation }) => dilation[0] > 1);
  const chosen = quick ? [...layers.slice(0, 1), ...dilated.slice(0, 1)] : layers;
  return chosen.map(({ count, needsInputGradient, ...shape }) => ({
    ...gradientCase(shape, 'gradients'),
    count,
    needsInputGradient,
    onDevice: 1,
  }));
}

function layerCase(shape: LayerShape, group: Part): Case {
  const copies = copiesFor(layerFlops(shape));
  const title = `${copies === 1 ? '' : `${copies} of `}${layerLabel(shape)}`;
  return { title, group, workload: { kind: 'layer', copies, ...shape } };
}

function gradientCase(shape: LayerShape, group: Part): Case {
  return { title: `${layerLabel(shape)} and gradients`, group, workload: { kind: 'gradients', ...shape } };
}

export const OVERHEAD_LENGTH = 64;

export function overheadCases(): Case[] {
  const workload = { kind: 'chain', length: OVERHEAD_LENGTH } as const;
  return [{ title: `${OVERHEAD_LENGTH} sigmoids of 64 values`, group: 'overhead', workload }];
}

/** Sorted by the work of all occurrences together. */
function infNetLayers(size: number, batch: number): Layer[] {
  const work = (layer: Layer): number => layerFlops(layer) * layer.count;
  return distinctConvolutions(traceNet('inf-net', batch, size)).sort((a, b) => work(b) - work(a));
}

/** Enough work for the clock, without more than a few copies. */
function copiesFor(flops: number): number {
  return Math.max(1, Math.min(8, Math.ceil(2e8 / flops)));
}

/** Every part: what its tables are called, what it needs of a bounded run's time, and when it is done unasked. */
export const PART_TABLE: Readonly<
  Record<
    Part,
    {
      readonly title: string;
      /** Nets have many shaders to compile. */
      readonly weight: number;
      /** Default: always. */
      readonly when?: 'named' | 'unless quick';
      readonly cases: (options: CaseOptions) => Case[];
    }
  >
> = {
  forward: { title: 'Nets in inference', weight: 8, cases: forwardCases },
  layer: { title: 'Convolutions of Inf-Net, each alone', weight: 3, cases: layerCases },
  public: {
    title: 'Convolutions of other benchmarks, forward and with gradients',
    weight: 3,
    when: 'unless quick',
    cases: publicCases,
  },
  gradients: {
    title: 'Convolutions with the gradients of input and weights',
    weight: 2,
    cases: gradientCases,
  },
  step: { title: 'Training steps (forward, gradients, batch norm, Adam)', weight: 5, cases: stepCases },
  card: {
    title: 'Inf-Net on a card: forward, and training steps with its own loss',
    weight: 20,
    when: 'named',
    cases: cardCases,
  },
  matrix: {
    title: 'Matrix units (experimental): forward of Inf-Net at half precision with and without them',
    weight: 4,
    when: 'named',
    cases: matrixCases,
  },
  overhead: { title: 'What an operator costs beside its work', weight: 1, cases: overheadCases },
};
