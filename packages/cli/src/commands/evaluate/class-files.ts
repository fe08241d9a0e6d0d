/** Class maps that are there already, pictures or volumes of labels, in two folders, paired by name. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { printable } from '@infnet/core';
import {
  type ClassMap,
  compareNames,
  decodeImage,
  duplicateNote,
  isHidden,
  isVolumeName,
  readClassMap,
  type SliceOrientation,
} from '@infnet/data';
import { readFile } from '@infnet/node';
import { cliError, type FailedFile } from '../../errors.js';
import { classSlices } from './class-volumes.js';
import type { Form } from './options.js';
import { type PairReaders, pairSource } from './pair-source.js';
import type { ClassItem, SliceSource } from './source.js';

/** A class map of `infnet segment` is `7.classes.png` or `7.classes.nii.gz`; any other is called as its slice. */
const MAP = /^(.*?)(\.classes)?\.(png|nii|nii\.gz)$/is;
/** What else `infnet segment` writes. */
const COMPANION = /\.(overlay|prior|prob|mask)\.(png|nii|nii\.gz)$/i;

/** @throws InfnetError `CLI_NO_INPUT` */
export async function classesOfFiles(
  { pred, gt }: Form & { kind: 'files' },
  classes: number,
  orient: SliceOrientation,
): Promise<SliceSource<ClassItem>> {
  const [{ maps: predictions, failed: several }, { maps: truths, failed: alike }] = [
    await mapsOf(pred),
    await mapsOf(gt),
  ];
  const names = [...new Set([...predictions.keys(), ...truths.keys()])].sort(compareNames);
  const pairs = names.flatMap((name) => {
    const [prediction, truth] = [predictions.get(name), truths.get(name)];
    if (prediction === undefined || truth === undefined) return [];
    const isVolume = isVolumeName(truth);
    return isVolumeName(prediction) === isVolume ? [{ name, prediction, truth, isVolume }] : [];
  });
  const unpaired = names.flatMap((name): FailedFile[] => {
    const [prediction, truth] = [predictions.get(name), truths.get(name)];
    if (prediction !== undefined && truth !== undefined) {
      if (isVolumeName(prediction) === isVolumeName(truth)) return [];
      const [volume, picture] = isVolumeName(truth)
        ? ['true class map', 'prediction']
        : ['prediction', 'true class map'];
      const message = `The ${volume} of ${printable(name)} is a volume, the ${picture} a picture.`;
      return [{ file: prediction, code: 'CLI_UNPAIRED', message, fix: 'Give both as volumes or both as pictures.' }];
    }
    const message = `There is no ${truth === undefined ? 'true class map' : 'prediction'} called ${printable(name)}.`;
    const fix = 'Every prediction needs one true class map of its name, and the other way round.';
    return [{ file: (prediction ?? truth) as string, code: 'CLI_UNPAIRED', message, fix }];
  });
  if (pairs.length === 0) {
    const message = 'No prediction has a true class map of its name.';
    throw cliError('CLI_NO_INPUT', message, 'Name them alike: 7.classes.png or 7.png belongs to 7.png.', {
      where: resolve(pred),
    });
  }
  const notes: string[] = [];
  const readers: PairReaders<(typeof pairs)[number], ClassItem> = {
    async picture({ name, prediction, truth }, onFile) {
      const predicted = await readMap(prediction);
      onFile(truth);
      return { name, predicted, truth: await readMap(truth) };
    },
    volume: (pair, onFile) => classSlices(pair, classes, orient, notes, onFile),
  };
  return pairSource(pairs, readers, {
    failed: [...several, ...alike, ...unpaired],
    ignored: [],
    notes,
    facts: [],
    settings: { pred, gt, ...(pairs.some(({ isVolume }) => isVolume) ? { orient } : {}) },
  });
}

/** Paths by name, in one spelling of accents; a `.classes.png` counts before a file that is called as its slice. */
async function mapsOf(
  folder: string,
): Promise<{ readonly maps: Map<string, string>; readonly failed: readonly FailedFile[] }> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const message = `The folder cannot be read: ${cause.message}`;
    throw cliError('CLI_NO_INPUT', message, 'Check the path.', { where: resolve(folder), cause });
  });
  const maps = new Map<string, string>();
  const failed: FailedFile[] = [];
  const alike = new Map<string, string[]>();
  for (const file of names.filter((name) => !isHidden(name) && !COMPANION.test(name)).sort()) {
    const [, stem, suffix] = MAP.exec(file) ?? [];
    if (stem === undefined) continue;
    const key = `${stem.normalize('NFC')}${suffix === undefined ? '' : '.classes'}`;
    alike.set(key, [...(alike.get(key) ?? []), file]);
  }
  for (const [key, files] of alike) {
    const name = key.replace(/\.classes$/, '');
    const [file = '', ...others] = files;
    if (others.length === 0) {
      if (name !== key || !alike.has(`${name}.classes`)) maps.set(name, join(folder, file));
      continue;
    }
    failed.push(
      ...files.map((one, i) => ({
        file: join(folder, one),
        code: 'CLI_UNPAIRED',
        message: `It is not the only one of its name: ${duplicateNote(one, files[i === 0 ? 1 : 0] as string)}.`,
        fix: 'Keep one file of each name.',
      })),
    );
  }
  return { maps, failed };
}

/** @throws InfnetError `FILE_...`, `DATA_...`, `CLI_NOT_CLASSES` */
async function readMap(path: string): Promise<ClassMap> {
  const read = readClassMap(await decodeImage(await readFile(path), path));
  if ('classes' in read) return read.classes;
  throw cliError(
    'CLI_NOT_CLASSES',
    `This is no class map: it has the ${read.foreign}.`,
    'Class maps are palette PNG with the indices 0, 1, 2, or black, red and green, or greys 0, 1, 2 or 0, 38, 75.',
    { where: path },
  );
}
