/**
 * Predictions and masks in two folders, paired by name, in one spelling of accents: macOS has another than the rest.
 */
import { readdir } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { printable } from '@infnet/core';
import { compareNames, duplicateNote, isHidden, isVolumeName, stemOf } from '@infnet/data';
import { cliError, type FailedFile } from '../../errors.js';
import { nameFormats } from '../../formats.js';
import { listed } from '../../names.js';
import { adviceFor } from '../../shell.js';
import { KINDS, type Kind } from './options.js';

export interface Pair {
  /** What the file names have in common. */
  readonly name: string;
  readonly prediction: string;
  readonly truth: string;
  readonly image?: string;
  /** Whether both are volumes; else both are pictures. */
  readonly isVolume: boolean;
}

export interface Pairs {
  /** In the order of their names, numbers by value. */
  readonly pairs: readonly Pair[];
  readonly failed: readonly FailedFile[];
  readonly ignored: readonly string[];
  /** What the predictions are called: `7.prob.png`, `7.mask.png`, or as the masks. */
  readonly kind: Kind | 'plain';
}

export interface PairOptions {
  readonly pred: string;
  readonly gt: string;
  readonly images?: string | undefined;
  readonly which: Kind;
  /** Whether `which` was asked for, so that another kind will not do. */
  readonly strict: boolean;
}

const INPUT = /\.(png|jpe?g|nii|nii\.gz)$/is;
/** What else `infnet segment` and `infnet evaluate` write; nothing to wonder about. */
const COMPANION =
  /^(summary\.csv|scores\.csv|volumes\.csv|scores\.json|report\.html|.*\.overlay\.png|.*\.logits\.npy)$/is;
const SHOWN = 5;

/** @throws InfnetError `CLI_NO_INPUT`: a folder is missing or has no pictures, or nothing pairs */
export async function findPairs({ pred, gt, images, which, strict }: PairOptions): Promise<Pairs> {
  const all = await filesOf(pred);
  const { kind, chosen } = choose(
    all.pictures.filter((file) => !COMPANION.test(basename(file))),
    which,
    strict,
    pred,
  );
  const masks = await filesOf(gt);
  const slices = images === undefined ? undefined : byName((await filesOf(images)).pictures);
  const predictions = byName(chosen);
  const truths = byName(masks.pictures);
  const names = [...new Set([...predictions.keys(), ...truths.keys()])].sort(compareNames);
  const pairs: Pair[] = [];
  const failed: FailedFile[] = [];
  for (const name of names) {
    const [prediction, ...otherPredictions] = predictions.get(name) ?? [];
    const [truth, ...otherTruths] = truths.get(name) ?? [];
    const several = [
      ...(otherPredictions.length > 0 ? shared(predictions.get(name) ?? []) : []),
      ...(otherTruths.length > 0 ? shared(truths.get(name) ?? []) : []),
    ];
    if (several.length > 0) failed.push(...several);
    else if (truth === undefined)
      failed.push(unpaired(prediction as string, `There is no mask called ${printable(name)} in ${gt}.`));
    else if (prediction === undefined)
      failed.push(unpaired(truth, `There is no prediction for ${printable(name)} in ${pred}.`));
    else if (isVolumeName(prediction) !== isVolumeName(truth)) {
      const [volume, picture] = isVolumeName(truth) ? ['mask', 'prediction'] : ['prediction', 'mask'];
      failed.push(unpaired(prediction, `The ${volume} of ${printable(name)} is a volume, the ${picture} a picture.`));
    } else {
      const image = slices?.get(name)?.find((file) => isVolumeName(file) === isVolumeName(truth));
      const isVolume = isVolumeName(truth);
      pairs.push({ name, prediction, truth, isVolume, ...(image === undefined ? {} : { image }) });
    }
  }
  if (pairs.length === 0) throw nothingPairs(predictions, truths, gt);
  return { pairs, failed, ignored: [...all.others, ...masks.others], kind };
}

async function filesOf(
  folder: string,
): Promise<{ readonly pictures: readonly string[]; readonly others: readonly string[] }> {
  const where = resolve(folder);
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    const message =
      cause.code === 'ENOENT'
        ? 'There is no such folder.'
        : cause.code === 'ENOTDIR'
          ? 'It is a file, not a folder.'
          : `The folder cannot be read: ${cause.message}`;
    throw cliError('CLI_NO_INPUT', message, 'Check the path.', { where, cause });
  });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const wanted = (name: string): boolean => INPUT.test(name) && !isHidden(name);
  const pictures = names.filter(wanted).sort(compareNames);
  if (pictures.length === 0) {
    const { counts, advice } = await nameFormats(names.map((name) => join(folder, name)));
    const none = `None of the ${names.length} files in the folder is a picture or a volume`;
    const message = names.length === 0 ? 'The folder has no files.' : `${none}${counts === '' ? '' : ` (${counts})`}.`;
    const fix =
      (advice === undefined ? undefined : adviceFor(folder, advice)) ??
      'Give the folder itself, with PNG, JPEG, .nii or .nii.gz in it: subfolders are not looked into.';
    throw cliError('CLI_NO_INPUT', message, fix, { where });
  }
  const others = names.filter((name) => !wanted(name) && !COMPANION.test(name));
  return { pictures: pictures.map((name) => join(folder, name)), others: others.map((name) => join(folder, name)) };
}

/** The files of the kind asked for; else of the other kind; else those that are called like the masks. */
function choose(
  files: readonly string[],
  which: Kind,
  strict: boolean,
  folder: string,
): { readonly kind: Pairs['kind']; readonly chosen: readonly string[] } {
  const of = (kind: Pairs['kind']): readonly string[] => files.filter((file) => kindOf(file) === kind);
  const order: readonly Pairs['kind'][] = strict
    ? [which]
    : [which, ...KINDS.filter((kind) => kind !== which), 'plain'];
  const kind = order.find((candidate) => of(candidate).length > 0);
  if (kind !== undefined) return { kind, chosen: of(kind) };
  throw cliError(
    'CLI_NO_INPUT',
    `The folder has no ${strict ? `.${which}.png or .${which}.nii.gz` : 'predictions'}.`,
    strict
      ? 'Leave --which out, or give the folder of results of infnet segment.'
      : 'Give the folder of .prob.png or .prob.nii.gz files.',
    { where: resolve(folder) },
  );
}

function kindOf(file: string): Pairs['kind'] {
  const suffix = extname(stemOf(file)).slice(1).toLowerCase();
  return KINDS.find((kind) => kind === suffix) ?? 'plain';
}

function byName(files: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const stem = stemOf(file);
    const name = kindOf(file) === 'plain' ? stem : stem.slice(0, -'.prob'.length);
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return groups;
}

/** Files of one folder and one name, each with another one. */
function shared(files: readonly string[]): FailedFile[] {
  return files.map((file, i) => {
    const other = files[i === 0 ? 1 : 0] as string;
    return unpaired(file, `It is not the only one of its name: ${duplicateNote(basename(file), basename(other))}.`);
  });
}

function unpaired(file: string, message: string): FailedFile {
  return {
    file,
    code: 'CLI_UNPAIRED',
    message,
    fix: 'Every prediction needs one mask of its name, and every mask a prediction.',
  };
}

function nothingPairs(
  predictions: ReadonlyMap<string, unknown>,
  truths: ReadonlyMap<string, unknown>,
  gt: string,
): Error {
  const some = (names: ReadonlyMap<string, unknown>): string => listed(names.keys(), SHOWN);
  return cliError(
    'CLI_NO_INPUT',
    `No prediction has a mask of its name. Predictions: ${some(predictions)}. Masks: ${some(truths)}.`,
    'Name them alike: 7.prob.png, 7.mask.png and 7.png all belong to the mask 7.png.',
    { where: resolve(gt), details: { predictions: predictions.size, masks: truths.size } },
  );
}
