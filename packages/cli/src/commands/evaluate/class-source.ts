/** Where class maps come from: files that are there, or a U-Net that makes them. The scoring does not care. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isInfnetError } from '@infnet/core';
import {
  type ClassMap,
  compareNames,
  decodeImage,
  duplicateNote,
  isHidden,
  type MultiClassDataset,
  multiClassInput,
  openMultiClassDataset,
  readClassMap,
  split,
} from '@infnet/data';
import { folderSource, readFile } from '@infnet/node';
import { classes } from '@infnet/segmentation';
import { classMapOf } from '../../classes/decide.js';
import { type ClassNetwork, prepareClasses } from '../../classes/prediction.js';
import { type LoadedUNet, loadUNet } from '../../classes/unet-weights.js';
import { openContext } from '../../context.js';
import { problemNotes } from '../../data-notes.js';
import { cliError, reasonOn } from '../../errors.js';
import { parseValidate } from '../../held-out.js';
import { type Io, say } from '../../io.js';
import type { Progress } from '../../progress.js';
import { unlessAborted } from '../../stop.js';
import { tellNotes } from '../../weights-file.js';
import { requireCompanions } from '../train/companions.js';
import { failuresOf, harmless, tellProblems } from './from-net.js';
import type { EvaluateOptions, Form } from './options.js';
import type { FailedFile } from './source.js';

/** One slice to score. */
export interface ClassItem {
  readonly name: string;
  readonly truth: ClassMap;
  readonly predicted: ClassMap;
}

export type ClassFound = { readonly item: ClassItem } | { readonly failed: FailedFile };

export interface ClassSource extends Disposable {
  readonly total: number;
  /** What is known to have failed before the first item. */
  readonly failed: readonly FailedFile[];
  /** What was noticed in files that were read. */
  readonly notes: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  items(signal: AbortSignal | undefined): AsyncIterable<ClassFound>;
}

/** A class map of `infnet segment` is `7.classes.png`; any other is called as its slice. */
const MAP = /^(.*?)(\.classes)?\.png$/is;
/** What else `infnet segment` writes. */
const COMPANION = /\.(overlay|prior|prob|mask)\.png$/i;

/** @throws InfnetError `CLI_NO_INPUT` */
export async function classesOfFiles({ pred, gt }: Form & { kind: 'files' }): Promise<ClassSource> {
  const [{ maps: predictions, failed: several }, { maps: truths, failed: alike }] = [
    await mapsOf(pred),
    await mapsOf(gt),
  ];
  const names = [...new Set([...predictions.keys(), ...truths.keys()])].sort(compareNames);
  const pairs = names.flatMap((name) => {
    const [prediction, truth] = [predictions.get(name), truths.get(name)];
    return prediction === undefined || truth === undefined ? [] : [{ name, prediction, truth }];
  });
  const unpaired = names.flatMap((name): FailedFile[] => {
    const [prediction, truth] = [predictions.get(name), truths.get(name)];
    if (prediction !== undefined && truth !== undefined) return [];
    const message = `There is no ${truth === undefined ? 'true class map' : 'prediction'} called ${name}.`;
    const fix = 'Every prediction needs one true class map of its name, and the other way round.';
    return [{ file: (prediction ?? truth) as string, code: 'CLI_UNPAIRED', message, fix }];
  });
  if (pairs.length === 0) {
    const message = 'No prediction has a true class map of its name.';
    throw cliError('CLI_NO_INPUT', message, 'Name them alike: 7.classes.png or 7.png belongs to 7.png.', {
      where: resolve(pred),
    });
  }
  return {
    total: pairs.length,
    failed: [...several, ...alike, ...unpaired],
    notes: [],
    settings: { pred, gt },
    async *items(signal) {
      for (const { name, prediction, truth } of pairs) {
        if (signal?.aborted) return;
        let file = prediction;
        try {
          const predicted = await readMap(prediction);
          file = truth;
          yield { item: { name, predicted, truth: await readMap(truth) } };
        } catch (error) {
          yield { failed: { file, ...reasonOn(file, error) } };
        }
      }
    },
    [Symbol.dispose]() {},
  };
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

/** @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `CLI_WRONG_NET`, `DATA_DATASET`, `CLI_USAGE`, ... */
export async function classesOfNet(
  { weights, data }: Form & { kind: 'net' },
  options: EvaluateOptions,
  io: Io,
  progress: Progress,
): Promise<ClassSource> {
  const { size, validate, seed, precision } = options;
  const unet = await loadUNet(weights, undefined, { key: options.weightsKey });
  tellNotes(io, unet.description);
  const whole = await openMultiClassDataset(folderSource(data), {
    onProblem: 'skip',
    oneClass: 'allow',
    signal: io.signal,
  });
  tellProblems(harmless(whole), progress);
  requireCompanions(classes, whole, data);
  const dataset =
    validate === undefined ? whole : split(whole, { validate: parseValidate(validate, whole), seed }).validation;
  const batch = Math.min(options.batch, dataset.length);
  const context = await openContext(options, (line) => say(io.stderr, line));
  try {
    const prediction = await unlessAborted(
      prepareClasses(context, unet, { size, batch, precision, onMessage: (line) => progress.line(line) }),
      io.signal,
    );
    return {
      total: dataset.length,
      failed: failuresOf(whole, data),
      notes: problemNotes(harmless(whole), data),
      settings: {
        data,
        validate: validate ?? null,
        size,
        batch,
        precision: prediction.precision,
        weights: unet.description,
        adapter: context.adapter,
      },
      items: (signal) => predictAll({ dataset, data, prediction, unet, size, batch }, signal),
      [Symbol.dispose]: () => context.dispose(),
    };
  } catch (error) {
    context.dispose();
    throw error;
  }
}

interface Predicting {
  readonly dataset: MultiClassDataset;
  readonly data: string;
  readonly prediction: ClassNetwork;
  readonly unet: LoadedUNet;
  readonly size: number;
  readonly batch: number;
}

async function* predictAll(
  { dataset, data, prediction, unet, size, batch }: Predicting,
  signal: AbortSignal | undefined,
): AsyncGenerator<ClassFound> {
  const { order } = unet.description;
  for (let first = 0; first < dataset.length && !signal?.aborted; first += batch) {
    const indices = Array.from({ length: Math.min(batch, dataset.length - first) }, (_, i) => first + i);
    const fileOf = (index: number): string => join(data, dataset.items[index]?.image ?? '');
    try {
      const slices = await Promise.all(indices.map((index) => dataset.slice(index)));
      const asReleased = order === 'as-released';
      const inputs = slices.map(({ image, prior }) => multiClassInput(image, prior, size, { asReleased }).data);
      const all = await prediction.run(inputs, signal);
      for (const [i, { image, classes }] of slices.entries()) {
        const index = indices[i] as number;
        const name = dataset.names[index] ?? String(index);
        const predicted = classMapOf(all[i] as Float32Array, image, { size, order, where: fileOf(index) });
        yield { item: { name, truth: classes, predicted } };
      }
    } catch (error) {
      if (signal?.aborted || isInfnetError(error, 'RUN_ABORTED')) return;
      throw error;
    }
  }
}
