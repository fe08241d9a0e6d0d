/** Predictions that are there already. */
import { resolve } from 'node:path';
import { decodeImage, toGrey8 } from '@infnet/data';
import { readFile } from '@infnet/node';
import { reasonOn } from '../../errors.js';
import { findPairs, type Pair } from './folders.js';
import { MapValues } from './map-values.js';
import { readMap, readTruth } from './maps.js';
import type { EvaluateOptions, Form } from './options.js';
import type { Found, SliceSource } from './source.js';
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
  let total = pairs.length;
  return {
    get total() {
      return total;
    },
    failed,
    ignored,
    notes,
    said: [],
    facts: [
      ['Predictions', `${pairs.length} ${KIND_TEXTS[kind]} in ${resolve(pred)}`],
      ['Truth', resolve(gt)],
    ],
    settings: {
      ...{ pred, gt, images: images ?? null, kind, masks: options.masks },
      ...(pairs.some(({ isVolume }) => isVolume) ? { window: options.window, orient: options.orient } : {}),
    },
    async *items(signal) {
      for (const pair of pairs) {
        if (signal?.aborted) return;
        if (!pair.isVolume) {
          yield await load(pair, options, notes, seen);
          continue;
        }
        const opened = await openVolumePair(pair, options);
        if ('failed' in opened) {
          yield opened;
          continue;
        }
        total += opened.count - 1;
        notes.push(...opened.notes);
        for (let i = 0; i < opened.count && !signal?.aborted; i++) yield opened.item(i);
      }
      const faint = seen.note();
      if (faint !== undefined) notes.push(faint);
    },
    [Symbol.dispose]() {},
  };
}

/** Says which of the two files is the bad one. */
async function load(
  { name, prediction, truth, image }: Pair,
  { masks, range }: EvaluateOptions,
  notes: string[],
  seen: MapValues,
): Promise<Found> {
  let file = prediction;
  try {
    const map = await readMap(prediction);
    file = truth;
    const mask = await readTruth(truth, masks);
    notes.push(...map.notes.map((note) => `${prediction}: ${note}`), ...mask.notes.map((note) => `${truth}: ${note}`));
    seen.add(map.content);
    return {
      item: {
        name,
        files: { prediction, mask: truth, ...(image === undefined ? {} : { image }) },
        map: map.content,
        truth: mask.content,
        image: async () =>
          image === undefined ? undefined : toGrey8(await decodeImage(await readFile(image), image), { range }),
      },
    };
  } catch (error) {
    return { failed: { file, ...reasonOn(file, error) } };
  }
}
