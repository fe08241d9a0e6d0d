/** Volumes of labels: a predicted one against a true one, slice by slice and as a whole. */
import { basename } from 'node:path';
import { type GreyImage, type SliceOrientation, sliceLayout, volumeSliceValues, voxelMillilitres } from '@infnet/data';
import { type ClassScores, ClassTable } from '@infnet/segmentation';
import { csv, millilitreFields } from '../../csv.js';
import { cliError } from '../../errors.js';
import type { OnFile, PairSlices } from './pair-source.js';
import { type ClassItem, type ItemVolume, millilitresOf } from './source.js';
import { onGrid, readVolume } from './volume-pairs.js';
import { VOLUME_SCORES } from './volumes.js';

export interface ClassVolumePair {
  readonly name: string;
  readonly prediction: string;
  readonly truth: string;
}

/**
 * The slices of a pair, in the order in which the net would see them.
 *
 * @throws InfnetError `FILE_...`, `NIFTI_...`, `CLI_GRID`, `CLI_NOT_CLASSES`
 */
export async function classSlices(
  { name, prediction, truth }: ClassVolumePair,
  classes: number,
  orient: SliceOrientation,
  notes: string[],
  onFile: OnFile,
): Promise<PairSlices<ClassItem>> {
  onFile(truth);
  const drawn = await readVolume(truth, notes);
  const { count } = sliceLayout(drawn, orient);
  const slicesOf = (volume: typeof drawn, file: string): GreyImage[] =>
    Array.from({ length: count }, (_, i) => labelsOf(volumeSliceValues(volume, i, orient), classes, file));
  const truths = slicesOf(drawn, truth);
  onFile(prediction);
  const predictions = slicesOf(
    onGrid(await readVolume(prediction, notes), drawn, prediction, orient, notes),
    prediction,
  );
  const volume: ItemVolume = { name, file: truth, millilitres: voxelMillilitres(drawn) };
  const item = (i: number): ClassItem => ({
    name: `${basename(truth)} slice ${i}`,
    volume,
    truth: truths[i] as GreyImage,
    predicted: predictions[i] as GreyImage,
  });
  return { count, item };
}

/** @throws InfnetError `CLI_NOT_CLASSES` for a value that is the number of no class */
function labelsOf(
  { width, height, data }: { readonly width: number; readonly height: number; readonly data: ArrayLike<number> },
  classes: number,
  where: string,
): GreyImage {
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (Number.isInteger(value) && value >= 0 && value < classes) continue;
    const message = `This is no volume of classes: it has the value ${value}.`;
    throw cliError('CLI_NOT_CLASSES', message, `Labels are the numbers 0 to ${classes - 1}.`, { where });
  }
  return { width, height, channels: 1, data: Uint8Array.from(data) };
}

export interface ClassVolumeResult {
  readonly name: string;
  readonly file: string;
  readonly slices: number;
  readonly accuracy: number;
  /** Millilitres are undefined where the file does not give the size of voxels. */
  readonly classes: readonly (ClassScores & {
    readonly truthMillilitres: number | undefined;
    readonly predictedMillilitres: number | undefined;
  })[];
}

/** Tables of volumes, grown slice by slice. */
export class ClassVolumes {
  readonly #names: readonly string[];
  readonly #found = new Map<string, { readonly volume: ItemVolume; readonly table: ClassTable; slices: number }>();

  /** @param names of the classes */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  add(volume: ItemVolume, slice: ClassTable): void {
    const known = this.#found.get(volume.file) ?? { volume, table: new ClassTable(this.#names), slices: 0 };
    known.table.addTable(slice);
    known.slices++;
    this.#found.set(volume.file, known);
  }

  get results(): ClassVolumeResult[] {
    return [...this.#found.values()].map(({ volume, table, slices }) => {
      const { name, file } = volume;
      const classes = table.classes.map((scores) => ({
        ...scores,
        truthMillilitres: millilitresOf(volume, scores.truth),
        predictedMillilitres: millilitresOf(volume, scores.predicted),
      }));
      return { name, file, slices, accuracy: table.accuracy, classes };
    });
  }
}

/** A line for each volume and class. */
export function classVolumesCsv(volumes: readonly ClassVolumeResult[]): string {
  const header = ['name', 'slices', 'class', 'truth_ml', 'predicted_ml', ...VOLUME_SCORES];
  const lines = volumes.flatMap(({ name, slices, classes }) =>
    classes.map((one) => [
      ...[name, String(slices), one.name],
      ...millilitreFields(one.truthMillilitres, one.predictedMillilitres),
      ...VOLUME_SCORES.map((score) => String(one[score])),
    ]),
  );
  return csv([header, ...lines]);
}
