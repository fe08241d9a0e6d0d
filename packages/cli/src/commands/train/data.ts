/** The slices of a run: opened, checked, split. */
import {
  type Dataset,
  type DatasetOptions,
  describeProblems,
  everyFifth,
  MILD_AUGMENTATION,
  openDataset,
  split,
  splitUnits,
  watchPhantoms,
} from '@infnet/data';
import { folderSource } from '@infnet/node';
import { TRAIN_OPTIONS, type TrainSettings } from '@infnet/segmentation/options';
import { adviceInFlags } from '../../advice.js';
import { cliError } from '../../errors.js';

export interface RunData {
  readonly train: Dataset;
  /** Undefined: nothing is validated. */
  readonly validation: Dataset | undefined;
  /** Lines about what was left out or needs attention. */
  readonly warnings: string;
  /** Slices to train on that are phantoms. */
  readonly phantoms: number;
}

export interface DataProgress {
  onProgress(done: number, total: number, name: string): void;
  readonly signal?: AbortSignal;
}

/** @throws InfnetError `DATA_DATASET` with all that is wrong, by file; `DATA_ARGUMENT`, `FILE_...`, `CLI_USAGE` */
export async function openData(settings: TrainSettings, { onProgress, signal }: DataProgress): Promise<RunData> {
  const { data, edges, masks, emptyMasks = 'keep', skipBad, validate, seed } = settings;
  const { source, phantoms } = watchPhantoms(folderSource(data));
  const opening = openDataset(source, {
    edges,
    ...decoding(settings),
    emptyMasks,
    ...(masks === 'binary' ? {} : { masks }),
    onProblem: skipBad ? 'skip' : 'error',
    onProgress: ({ done, total, name }) => onProgress(done, total, name),
    signal,
  });
  const dataset = await opening;
  const warnings = adviceInFlags(describeProblems(dataset.warnings));
  const among = (train: Dataset): number => phantomsAmong(train, phantoms);
  if (validate === 'none') return { train: dataset, validation: undefined, warnings, phantoms: among(dataset) };
  if (validate === 'train') return { train: dataset, validation: dataset, warnings, phantoms: among(dataset) };
  if (validate === TRAIN_OPTIONS.validate.default && splitUnits(dataset).length === 1) {
    const told = [warnings, alone(dataset)].filter((text) => text !== '').join('\n');
    return { train: dataset, validation: undefined, warnings: told, phantoms: among(dataset) };
  }
  const parts = split(dataset, { validate: parseValidate(validate, dataset), seed });
  return { ...parts, warnings, phantoms: among(parts.train) };
}

function phantomsAmong({ names }: Dataset, phantoms: ReadonlySet<string>): number {
  return names.filter((name) => phantoms.has(name)).length;
}

/** Nothing to draw a share from, when none was asked for. */
function alone({ length }: Dataset): string {
  const what = length === 1 ? 'there is one slice only' : `all ${length} slices are of one volume`;
  return `  ${what}, so nothing is validated; --validate train validates on what is trained on`;
}

/**
 * Slices without masks for a semi-supervised training: those of a folder, other files beside them aside.
 *
 * @throws InfnetError `DATA_DATASET` with all that is wrong, by file
 */
export async function openUnlabelled(
  settings: TrainSettings,
  { onProgress, signal }: DataProgress,
): Promise<{ readonly dataset: Dataset; readonly warnings: string; readonly phantoms: number }> {
  const { unlabelled = '', skipBad } = settings;
  const { source, phantoms } = watchPhantoms(folderSource(unlabelled));
  const dataset = await openDataset(source, {
    labelled: false,
    ...decoding(settings),
    onProblem: skipBad ? 'skip' : 'error',
    onProgress: ({ done, total, name }) => onProgress(done, total, name),
    signal,
  });
  const warnings = adviceInFlags(describeProblems(dataset.warnings));
  return { dataset, warnings, phantoms: phantomsAmong(dataset, phantoms) };
}

/** How files become slices, and how much is kept of them. */
function decoding({
  range = 'full',
  window = 'lung',
  orient = 'released',
  cache = 1024,
}: TrainSettings): DatasetOptions {
  return { range, window, orient, cacheBytes: cache * 2 ** 20 };
}

/** @throws InfnetError `CLI_USAGE` */
export function parseValidate(text: string, dataset: Parameters<typeof everyFifth>[0]): number | number[] {
  if (text === 'every-fifth') return everyFifth(dataset);
  if (/^\d+(,\d+)*$/.test(text)) return text.split(',').map(Number);
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share < 1) return share;
  throw cliError(
    'CLI_USAGE',
    `--validate ${text} is not understood.`,
    'Give a share like 0.2, positions in the order of names like 4,9,14, every-fifth, train (the slices trained on), or none.',
  );
}

export function augmentationOf({ augment }: TrainSettings): typeof MILD_AUGMENTATION | undefined {
  return augment === 'mild' ? MILD_AUGMENTATION : undefined;
}
