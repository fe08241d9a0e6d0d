/** Volumes as a whole: overlap of all voxels at the threshold, and millilitres. */
import { type BinaryScores, type Conventions, countScores, type MapScores } from '@infnet/metrics';
import { csv, millilitreFields } from '../../csv.js';
import { type ItemVolume, millilitresOf } from './source.js';

export interface VolumeResult extends ItemVolume {
  /** How many of its slices were scored. */
  readonly slices: number;
  readonly scores: BinaryScores;
  /** Infected, by the truth and by the prediction; undefined where the file does not give the size of voxels. */
  readonly truthMillilitres: number | undefined;
  readonly predictedMillilitres: number | undefined;
}

/** What of a slice's scores counts for its volume. */
interface Part {
  readonly volume?: ItemVolume;
  readonly scores: Pick<MapScores, 'counts'>;
}

/** Sums of the slices' counts, in the order of the volumes. */
export function scoreVolumes(slices: readonly Part[], conventions: Conventions): VolumeResult[] {
  const groups = new Map<string, { readonly volume: ItemVolume; readonly slices: Part[] }>();
  for (const slice of slices) {
    const { volume } = slice;
    if (volume === undefined) continue;
    const group = groups.get(volume.file);
    if (group === undefined) groups.set(volume.file, { volume, slices: [slice] });
    else group.slices.push(slice);
  }
  return [...groups.values()].map(({ volume, slices: own }) => {
    const sum = (name: 'tp' | 'fp' | 'fn' | 'tn'): number =>
      own.reduce((total, { scores }) => total + scores.counts[name], 0);
    const counts = { tp: sum('tp'), fp: sum('fp'), fn: sum('fn'), tn: sum('tn') };
    return {
      ...volume,
      slices: own.length,
      scores: countScores(counts, { conventions }),
      truthMillilitres: millilitresOf(volume, counts.tp + counts.fn),
      predictedMillilitres: millilitresOf(volume, counts.tp + counts.fp),
    };
  });
}

export const VOLUME_SCORES = ['dice', 'iou', 'sensitivity', 'specificity', 'precision'] as const;

/** Mean over the volumes for which it is defined. */
export function meanOf(volumes: readonly VolumeResult[], name: (typeof VOLUME_SCORES)[number]): number {
  const values = volumes.map(({ scores }) => scores[name]).filter((value) => !Number.isNaN(value));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function volumesCsv(volumes: readonly VolumeResult[]): string {
  const header = ['name', 'slices', 'truth_ml', 'predicted_ml', ...VOLUME_SCORES, 'tp', 'fp', 'fn', 'tn'];
  const lines = volumes.map(({ name, slices, scores, truthMillilitres, predictedMillilitres }) => [
    name,
    String(slices),
    ...millilitreFields(truthMillilitres, predictedMillilitres),
    ...VOLUME_SCORES.map((score) => String(scores[score])),
    ...[scores.tp, scores.fp, scores.fn, scores.tn].map(String),
  ]);
  return csv([header, ...lines]);
}

/** The fields of `--json` and `scores.json`. */
export function volumeDocument(volume: VolumeResult): object {
  const { name, file, slices, scores, truthMillilitres, predictedMillilitres } = volume;
  const { tp, fp, fn, tn } = scores;
  return {
    name,
    file,
    slices,
    truthMillilitres: truthMillilitres ?? null,
    predictedMillilitres: predictedMillilitres ?? null,
    ...Object.fromEntries(VOLUME_SCORES.map((score) => [score, scores[score]])),
    counts: { tp, fp, fn, tn },
  };
}
