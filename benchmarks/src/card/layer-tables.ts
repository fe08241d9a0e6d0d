/** Our convolutions as shares of a card's peak, and beside cuDNN's, pass by pass. Pure functions. */
import { PASSES, type PassName } from '../gradients/passes.js';
import { summary } from '../statistics.js';
import { formatTable } from '../table.js';

/** What every layer's figures begin with. `gflop` of one occurrence. */
interface LayerHead {
  readonly label: string;
  readonly count: number;
  readonly gflop: number;
}

interface Rate {
  readonly gflopsPerSecond: number;
}

/** Rates in the JSON of `bench --gradients`. */
export interface LayerRates {
  readonly totals: Readonly<Record<string, Rate>>;
  readonly layers: readonly (LayerHead & { readonly passes: { readonly forward: Rate } })[];
}

/** Times in the JSON of `bench --gradients`. */
export interface OwnLayers {
  readonly layers: readonly (LayerHead & {
    readonly passes: Readonly<Partial<Record<PassName, { readonly milliseconds: { readonly median: number } }>>>;
  })[];
}

const MODES = ['fp32', 'tf32'] as const;
type Mode = (typeof MODES)[number];

/** The JSON of torch_layers.py: seconds of every pass, without and with TensorFloat-32. */
export interface CudnnLayers {
  readonly batch: number;
  readonly size: number;
  /** Why nothing was measured. */
  readonly cannot?: string;
  readonly device?: string;
  readonly torch?: string;
  readonly cudnn?: number | null;
  readonly leftOut?: number;
  readonly layers?: readonly CudnnLayer[];
}

type CudnnLayer = LayerHead & {
  readonly cannot?: string;
  readonly modes?: Readonly<Record<Mode, Readonly<Partial<Record<PassName, readonly number[]>>>>>;
  readonly tf32Difference?: Readonly<Record<string, number>>;
};

const HEAVIEST = 10;

function heaviest<T extends LayerHead>(layers: readonly T[]): T[] {
  return layers.toSorted((a, b) => b.gflop * b.count - a.gflop * a.count).slice(0, HEAVIEST);
}

const titleOf = ({ label, count }: LayerHead): string => `${label}, ${count} times`;

/** The sums of each pass, and the heaviest layers forward, in GFLOP/s and as a share of the peak, in FLOP/s. */
export function layerTable({ totals, layers }: LayerRates, peak: number): string[] {
  const cells = ({ gflopsPerSecond: rate }: Rate): string[] => [
    rate.toFixed(1),
    peak > 0 ? `${((100 * rate * 1e9) / peak).toFixed(1)} %` : '-',
  ];
  return formatTable(
    ['layer', 'GFLOP/s', 'of peak'],
    [
      ...Object.entries(totals).map(([pass, rate]) => [`all layers, ${pass}`, ...cells(rate)]),
      ...heaviest(layers).map((layer) => [titleOf(layer), ...cells(layer.passes.forward)]),
    ],
  );
}

/** Lines about one batch and size: sums over all layers that both measured, then the heaviest layers. */
export function cudnnTable(ours: OwnLayers, cudnn: CudnnLayers): string[] {
  const what = `Convolutions beside cuDNN, batch ${cudnn.batch} at ${cudnn.size}`;
  if (cudnn.cannot !== undefined) return [`${what}: cannot: ${cudnn.cannot}`];
  const theirs = new Map((cudnn.layers ?? []).map((layer) => [layer.label, layer]));
  const by = cudnn.cudnn === null ? 'its CPU kernels: a rehearsal' : `cuDNN ${cudnn.cudnn}`;
  const header = ['layer', 'pass', 'infnet GFLOP/s', 'fp32', 'x', 'tf32', 'x'];
  const rows = [...PASSES.flatMap((pass) => totalRow(ours, theirs, pass)), ...singleRows(ours, theirs)];
  const { leftOut = 0 } = cudnn;
  return [
    `${what}; PyTorch ${cudnn.torch} on ${cudnn.device}, ${by}`,
    'fp32, tf32: without and with TensorFloat-32. x: how many times as long as infnet; above 1 infnet is faster.',
    ...formatTable(header, rows, [1]),
    ...(leftOut > 0 ? [`no time for ${leftOut} lighter layers`] : []),
  ];
}

type Theirs = ReadonlyMap<string, CudnnLayer>;

const secondsOf = ({ passes }: OwnLayers['layers'][number], pass: PassName): number =>
  (passes[pass]?.milliseconds.median ?? Number.NaN) / 1e3;

const medianOf = ({ modes }: CudnnLayer, mode: Mode, pass: PassName): number =>
  summary(modes?.[mode][pass])?.median ?? Number.NaN;

function singleRows(ours: OwnLayers, theirs: Theirs): string[][] {
  return heaviest(ours.layers).flatMap((layer) => {
    const found = theirs.get(layer.label);
    if (found === undefined) return [];
    return PASSES.filter((pass) => layer.passes[pass] !== undefined).map((pass) => {
      const own = secondsOf(layer, pass);
      const head = [titleOf(layer), pass, (layer.gflop / own).toFixed(1)];
      if (found.cannot !== undefined) return [...head, `cannot: ${found.cannot.split('\n')[0]}`];
      return [...head, ...MODES.flatMap((mode) => modeCells(layer.gflop, own, medianOf(found, mode, pass)))];
    });
  });
}

function totalRow(ours: OwnLayers, theirs: Theirs, pass: PassName): string[][] {
  const sums = { gflop: 0, own: 0, fp32: 0, tf32: 0, count: 0 };
  for (const layer of ours.layers) {
    const found = theirs.get(layer.label);
    if (layer.passes[pass] === undefined || found?.modes === undefined) continue;
    sums.count++;
    sums.gflop += layer.count * layer.gflop;
    sums.own += layer.count * secondsOf(layer, pass);
    for (const mode of MODES) sums[mode] += layer.count * medianOf(found, mode, pass);
  }
  if (sums.count === 0) return [];
  const rate = (sums.gflop / sums.own).toFixed(1);
  return [
    [`${sums.count} layers`, pass, rate, ...MODES.flatMap((mode) => modeCells(sums.gflop, sums.own, sums[mode]))],
  ];
}

/** Their rate, and how many times as long as ours they take. */
const modeCells = (gflop: number, own: number, theirs: number): string[] => [
  (gflop / theirs).toFixed(1),
  (theirs / own).toFixed(2),
];
