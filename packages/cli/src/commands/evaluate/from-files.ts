/** Predictions that are there already. */
import { resolve } from 'node:path';
import { decodeImage, toGrey8 } from '@infnet/data';
import { readFile } from '@infnet/node';
import { findPairs, type Pair } from './folders.js';
import { MapValues } from './map-values.js';
import { readMap, readTruth } from './maps.js';
import type { EvaluateOptions, Form } from './options.js';
import { type OnFile, type PairReaders, pairSource } from './pair-source.js';
import type { Item, SliceSource } from './source.js';
import { openVolumePair } from './volume-pairs.js';

const KIND_TEXTS = { prob: 'probability maps', mask: 'masks', plain: 'pictures' } as const;

/** @throws InfnetError `CLI_NO_INPUT` */
export async function fromFiles(form: Form & { kind: 'files' }, options: EvaluateOptions): Promise<SliceSource> {
  const { pred, gt } = form;
  const { images, which, given } = options;
  const { pairs, failed, ignored, kind } = await findPairs({
    pred,
    gt,
    images,
    which,
    strict: given.includes('which'),
  });
  const notes: string[] = [];
  const seen = new MapValues();
  const readers: PairReaders<Pair, Item> = {
    picture: (pair, onFile) => load(pair, options, notes, seen, onFile),
    volume: (pair, onFile) => openVolumePair(pair, options, notes, onFile),
    finish() {
      const faint = seen.note();
      if (faint !== undefined) notes.push(faint);
    },
  };
  return pairSource(pairs, readers, {
    failed,
    ignored,
    notes,
    facts: [
      ['Predictions', `${pairs.length} ${KIND_TEXTS[kind]} in ${resolve(pred)}`],
      ['Truth', resolve(gt)],
    ],
    settings: {
      pred,
      gt,
      images: images ?? null,
      kind,
      masks: options.masks,
      ...(pairs.some(({ isVolume }) => isVolume) ? { window: options.window, orient: options.orient } : {}),
    },
  });
}

async function load(
  { name, prediction, truth, image }: Pair,
  { masks, range }: EvaluateOptions,
  notes: string[],
  seen: MapValues,
  onFile: OnFile,
): Promise<Item> {
  const map = await readMap(prediction);
  onFile(truth);
  const mask = await readTruth(truth, masks);
  notes.push(...map.notes.map((note) => `${prediction}: ${note}`), ...mask.notes.map((note) => `${truth}: ${note}`));
  seen.add(map.content);
  return {
    name,
    files: { prediction, mask: truth, ...(image === undefined ? {} : { image }) },
    map: map.content,
    truth: mask.content,
    image: async () =>
      image === undefined ? undefined : toGrey8(await decodeImage(await readFile(image), image), { range }),
  };
}
