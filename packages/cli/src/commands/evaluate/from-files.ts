/** Predictions that are there already. */
import { resolve } from 'node:path';
import { decodeImage, toGrey8 } from '@infnet/data';
import { readFile } from '@infnet/node';
import { reasonOf } from '../../errors.js';
import { findPairs, type Pair } from './folders.js';
import { readMap, readTruth } from './maps.js';
import type { EvaluateOptions, Form } from './options.js';
import type { Found, SliceSource } from './source.js';

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
  return {
    total: pairs.length,
    failed,
    ignored,
    facts: [
      ['Predictions', `${pairs.length} ${KIND_TEXTS[kind]} in ${resolve(pred)}`],
      ['Truth', resolve(gt)],
    ],
    settings: { pred, gt, images: images ?? null, kind, masks: options.masks },
    async *items(signal) {
      for (const pair of pairs) {
        if (signal?.aborted) return;
        yield await load(pair, options);
      }
    },
    [Symbol.dispose]() {},
  };
}

/** Says which of the two files is the bad one. */
async function load({ name, prediction, truth, image }: Pair, { masks, range }: EvaluateOptions): Promise<Found> {
  let file = prediction;
  try {
    const map = await readMap(prediction);
    file = truth;
    return {
      item: {
        name,
        files: { prediction, mask: truth, ...(image === undefined ? {} : { image }) },
        map,
        truth: await readTruth(truth, masks),
        image: async () =>
          image === undefined ? undefined : toGrey8(await decodeImage(await readFile(image), image), { range }),
      },
    };
  } catch (error) {
    return { failed: { file, ...reasonOf(error) } };
  }
}
