/** The slices, class maps and priors of a multi-class run: opened, checked, split. */
import { InfnetError, isInfnetError } from '@infnet/core';
import { describeProblems, type MultiClassDataset, openMultiClassDataset, split } from '@infnet/data';
import { folderSource } from '@infnet/node';
import type { TrainSettings } from '@infnet/segmentation/options';
import { adviceInFlags } from '../../advice.js';
import { cliError, reasonOf } from '../../errors.js';
import { type DataProgress, parseValidate } from './data.js';

export interface MultiClassRunData {
  readonly train: MultiClassDataset;
  /** Undefined: nothing is validated. */
  readonly validation: MultiClassDataset | undefined;
  /** Lines about what was left out or needs attention. */
  readonly warnings: string;
}

/**
 * Makes every label once: the released encoding cannot place some of them (quirk 26), which should not end a training
 * after an hour.
 *
 * @throws InfnetError `DATA_RELEASED_LABEL` naming the slice
 */
export async function checkReleasedLabels(train: MultiClassDataset, size: number): Promise<void> {
  try {
    for (let i = 0; i < train.length; i++) await train.sample(i, { size, asReleased: true });
  } catch (error) {
    if (!isInfnetError(error, 'DATA_RELEASED_LABEL')) throw error;
    const fix =
      'Give --loss cross-entropy, whose labels are corrected, or another --size, or take the slice out of the set or into --validate.';
    const { code, where, details } = error;
    throw new InfnetError({ code, message: reasonOf(error).message, where, fix, details, cause: error });
  }
}

/**
 * @throws InfnetError `DATA_DATASET` with all that is wrong, by file; `CLI_PRIOR` without priors; `DATA_ARGUMENT`,
 *   `FILE_...`, `CLI_USAGE`
 */
export async function openMultiClassData(
  { data, skipBad, validate, seed, range = 'full', cache = 1024 }: TrainSettings,
  { onProgress, signal }: DataProgress,
): Promise<MultiClassRunData> {
  const opening = openMultiClassDataset(folderSource(data), {
    onProblem: skipBad ? 'skip' : 'error',
    range,
    cacheBytes: cache * 2 ** 20,
    onProgress: ({ done, total, name }) => onProgress(done, total, name),
    signal,
  });
  const dataset = await opening;
  requirePriors(dataset, data);
  const warnings = adviceInFlags(describeProblems(dataset.warnings));
  if (validate === 'none') return { train: dataset, validation: undefined, warnings };
  if (validate === 'train') return { train: dataset, validation: dataset, warnings };
  return { ...split(dataset, { validate: parseValidate(validate, dataset), seed }), warnings };
}

/** @throws InfnetError `CLI_PRIOR` without any */
export function requirePriors(dataset: MultiClassDataset, where: string): void {
  if (dataset.items.every(({ prior }) => prior === undefined)) {
    throw cliError(
      'CLI_PRIOR',
      'There is no folder Prior beside Imgs and GT: the U-Net gets where a slice is infected, as a mask or a map.',
      'Put one there, with a picture for every slice under its name. Inf-Net makes them: infnet pseudo-label --data SET --weights W --out MADE, then MADE/GT is the folder.',
      { where },
    );
  }
}
