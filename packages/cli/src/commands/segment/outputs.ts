/** From logits to the files of one slice. */
import { join } from 'node:path';
import {
  encodePng,
  type FloatMap,
  finalPngU8,
  overlay,
  type Provenance,
  probabilityMap,
  probabilityToU8,
  type RgbImage,
  stampPng,
  writeNpy,
} from '@infnet/data';
import { writeFileAtomic } from '@infnet/node';
import { cliError, reasonOf } from '../../errors.js';
import type { FailedSlice } from './summary.js';

export const SUMMARY = 'summary.csv';

export interface OutputOptions {
  readonly size: number;
  readonly threshold: number;
  readonly stretch?: boolean;
  readonly format: 'png' | 'npy';
}

export interface SliceResult {
  /** Pixels of the slice where the probability is at least the threshold. */
  readonly infectedPixels: number;
  /** Files to write: name and bytes. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** Every name that the results of a slice can have. */
export function resultNames(stem: string): Readonly<Record<'prob' | 'mask' | 'overlay' | 'logits', string>> {
  return {
    prob: `${stem}.prob.png`,
    mask: `${stem}.mask.png`,
    overlay: `${stem}.overlay.png`,
    logits: `${stem}.logits.npy`,
  };
}

/** Every name that the results of a volume have. */
export function volumeResultNames(stem: string): Readonly<Record<'prob' | 'mask' | 'overlay', string>> {
  return { prob: `${stem}.prob.nii.gz`, mask: `${stem}.mask.nii.gz`, overlay: `${stem}.overlay.png` };
}

/**
 * The probability at a slice's own size.
 *
 * @param logits lateral map 2, [size * size]
 * @param what whose result it is, for the error
 * @throws InfnetError `CLI_NOT_FINITE`: nothing is made of numbers that are none
 */
export function probabilityOf(
  logits: Float32Array,
  slice: Pick<RgbImage, 'width' | 'height'>,
  options: Pick<OutputOptions, 'size' | 'stretch'>,
  stem: string,
  what = 'this slice',
): FloatMap {
  if (!logits.every(Number.isFinite)) {
    const fix =
      'Check the weights: values that are not finite or far too large give this. If the weights are right, report it with the output of: infnet doctor';
    throw cliError(
      'CLI_NOT_FINITE',
      `The net gave values that are not finite, so there is no result for ${what}.`,
      fix,
      { where: stem },
    );
  }
  return probabilityMap(logits, slice, options);
}

/**
 * Probability, mask and overlay at the slice's own size.
 *
 * @param logits lateral map 2, [size * size]
 * @param made what each picture says of where it comes from
 * @throws InfnetError `CLI_NOT_FINITE`
 */
export function makeOutputs(
  stem: string,
  slice: RgbImage,
  logits: Float32Array,
  options: OutputOptions,
  made: Provenance,
): SliceResult {
  const { size, threshold, stretch = false, format } = options;
  const { width, height } = slice;
  const probability = probabilityOf(logits, slice, options, stem);
  const mask = Uint8Array.from(probability.data, (p) => (p >= threshold ? 255 : 0));
  const names = resultNames(stem);
  const shades = stretch ? finalPngU8(probability.data) : probabilityToU8(probability.data);
  const files = [
    { name: names.prob, bytes: stampPng(encodePng({ width, height, data: shades }), made) },
    { name: names.mask, bytes: stampPng(encodePng({ width, height, data: mask }), { ...made, threshold }) },
    {
      name: names.overlay,
      bytes: stampPng(encodePng(overlay(slice, probability, { threshold })), { ...made, threshold }),
    },
  ];
  if (format === 'npy') files.push({ name: names.logits, bytes: writeNpy(logits, [1, 1, size, size]) });
  return { infectedPixels: mask.reduce((count, value) => count + (value === 255 ? 1 : 0), 0), files };
}

/** Writes the table. The failure, if it cannot be written: the results are there all the same. */
export async function writeSummary(file: string, table: string): Promise<FailedSlice[]> {
  return writeFileAtomic(file, new TextEncoder().encode(table)).then(
    () => [],
    (error: unknown) => [{ file, ...reasonOf(error) }],
  );
}

/** Writes the files, each atomically. @throws InfnetError `FILE_...` */
export async function writeOutputs(folder: string, { files }: Pick<SliceResult, 'files'>): Promise<void> {
  for (const { name, bytes } of files) await writeFileAtomic(join(folder, name), bytes);
}
