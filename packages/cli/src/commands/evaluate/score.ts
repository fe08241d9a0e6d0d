/** One slice scored, and the set of them. */
import { looksInverted } from '@infnet/data';
import {
  type BootstrapOptions,
  evaluateMap,
  evaluateSet,
  type MapScores,
  type SetScores,
  surfaceScores,
} from '@infnet/metrics';
import { mapAt } from './maps.js';
import type { Scoring } from './options.js';
import type { Item, ItemVolume } from './source.js';
import { scoreVolumes, type VolumeResult } from './volumes.js';

/** Both masks empty: 0; one of them: Infinity. */
export interface SurfaceDistances {
  readonly hausdorff95: number;
  readonly averageSurfaceDistance: number;
  readonly unit: 'mm' | 'pixels';
}

export const SURFACE_NAMES = ['hausdorff95', 'averageSurfaceDistance'] as const;

export interface SliceScores {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly volume?: ItemVolume;
  /** Size of the map before it was brought to that of the mask, where they differ. */
  readonly resizedFrom?: readonly [width: number, height: number];
  readonly scores: MapScores;
  readonly surface?: SurfaceDistances;
  /** Whether the true mask is infected all along its border, as no lesion is. */
  readonly inverted: boolean;
  /** Shares of all pixels. */
  readonly infected: { readonly truth: number; readonly prediction: number };
}

/** The mask's border for `@infnet/metrics`; truths are 0 and 255 here, also where a whole mask is 0. */
const MASK_ABOVE = 128;

export function scoreSlice(item: Item, scoring: Scoring): SliceScores {
  const { name, files, map, truth, volume } = item;
  const { width, height } = truth;
  const { threshold } = scoring;
  const spacing = scoring.spacing ?? volume?.spacing;
  const scores = evaluateMap(mapAt(map, truth, scoring.conventions), truth.data, {
    width,
    height,
    conventions: scoring.conventions,
    stretch: scoring.stretch,
    threshold,
    maskAbove: MASK_ABOVE,
  });
  const { tp, fp, fn } = scores.counts;
  const area = width * height;
  const resized = map.width !== width || map.height !== height;
  const common = {
    name,
    files,
    ...(volume === undefined ? {} : { volume }),
    ...(resized ? { resizedFrom: [map.width, map.height] as const } : {}),
    scores,
    inverted: looksInverted(truth),
    infected: { truth: (tp + fn) / area, prediction: (tp + fp) / area },
  };
  if (!scoring.surface) return common;
  const predicted = Uint8Array.from(scoredValues(item, scoring), (v) => (v >= threshold ? 255 : 0));
  const { hausdorff95, averageSurfaceDistance } = surfaceScores(predicted, truth.data, {
    shape: [height, width],
    spacing: spacing ?? [1, 1],
  });
  const unit = spacing === undefined ? 'pixels' : 'mm';
  return { ...common, surface: { hausdorff95, averageSurfaceDistance, unit } };
}

/** The values that are compared with thresholds: 0..1, at the mask's size, stretched if the scoring stretches. */
export function scoredValues({ map, truth }: Pick<Item, 'map' | 'truth'>, scoring: Scoring): Float64Array {
  const at = mapAt(map, truth, scoring.conventions);
  const values = at instanceof Uint8Array ? Float64Array.from(at, (v) => v / 255) : at;
  if (!scoring.stretch) return values;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  // A constant map stays as it is.
  return high > low ? values.map((value) => (value - low) / (high - low)) : values;
}

/** A surface distance over a set: infinite ones (one of the two masks empty) have no mean and are counted. */
export interface SurfaceSummary {
  readonly mean: number;
  readonly median: number;
  readonly slices: number;
  readonly infinite: number;
}

export interface Evaluation {
  readonly scoring: Scoring;
  readonly slices: readonly SliceScores[];
  readonly set: SetScores;
  /** Volumes as a whole; empty where all are pictures. */
  readonly volumes: readonly VolumeResult[];
  /** Of the slices whose distances are in `unit`. */
  readonly surface?: Readonly<Record<(typeof SURFACE_NAMES)[number], SurfaceSummary>> & Pick<SurfaceDistances, 'unit'>;
}

export function scoreSet(
  slices: readonly SliceScores[],
  scoring: Scoring,
  { resamples, seed }: Required<Pick<BootstrapOptions, 'resamples' | 'seed'>>,
): Evaluation {
  const bootstrap = resamples === 0 ? false : { resamples, seed };
  const set = evaluateSet(
    slices.map(({ scores }) => scores),
    { bootstrap },
  );
  const volumes = scoreVolumes(slices, scoring.conventions);
  const distances = slices.flatMap(({ surface }) => surface ?? []);
  if (distances.length === 0) return { scoring, slices, set, volumes };
  // Millimetres and pixels have no common mean.
  const unit = distances.some((one) => one.unit === 'mm') ? 'mm' : 'pixels';
  const of = (name: (typeof SURFACE_NAMES)[number]): SurfaceSummary =>
    summarise(distances.filter((one) => one.unit === unit).map((one) => one[name]));
  const surface = {
    hausdorff95: of('hausdorff95'),
    averageSurfaceDistance: of('averageSurfaceDistance'),
    unit,
  } as const;
  return { scoring, slices, set, volumes, surface };
}

function summarise(values: readonly number[]): SurfaceSummary {
  const finite = Float64Array.from(values.filter(Number.isFinite)).sort();
  const n = finite.length;
  const median = ((finite[Math.floor((n - 1) / 2)] ?? Number.NaN) + (finite[Math.floor(n / 2)] ?? Number.NaN)) / 2;
  return {
    mean: finite.reduce((sum, value) => sum + value, 0) / n,
    median,
    slices: values.length,
    infinite: values.length - n,
  };
}
