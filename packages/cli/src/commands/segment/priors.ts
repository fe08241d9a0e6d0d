/**
 * Where a slice is infected, which the U-Net gets beside it: pictures that are there, or Inf-Net's probability, made on
 * the way. Both give the same result when the pictures are the `.prob.png` that `infnet segment` makes with the same
 * weights.
 */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { printable } from '@infnet/core';
import { finalPngU8, type GreyImage, probabilityToU8 } from '@infnet/data';
import { type CompanionSource, probabilityOf, type SharedContext } from '@infnet/segmentation';
import { cliError } from '../../errors.js';
import { listed } from '../../names.js';
import type { Progress } from '../../progress.js';
import { readMap } from '../evaluate/maps.js';
import { prepareWithProgress } from './network.js';
import type { SegmentOptions } from './options.js';
import type { LoadedWeights } from './weights.js';

/** What a prior may be called, in the order in which they are taken; `<stem>` stands before it. */
const NAMES = [/^\.prob\.png$/i, /^\.mask\.png$/i, /^\.(png|jpe?g)$/i];

/**
 * Pictures of a folder, by the slices' names: `7.prob.png`, `7.mask.png` or `7.png` for `7.jpg`.
 *
 * @throws InfnetError `CLI_NO_INPUT` without such a folder; for a slice `CLI_PRIOR`, `CLI_NOT_GREY`, `FILE_...`,
 *   `DATA_...`
 */
export async function priorsOfFolder(folder: string): Promise<CompanionSource> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const message = `The folder of priors cannot be read: ${cause.message}`;
    throw cliError('CLI_NO_INPUT', message, 'Check --priors.', { where: resolve(folder), cause });
  });
  return {
    async read({ stem }, { image: slice }) {
      const path = join(folder, nameOf(stem, names, folder));
      const { width, height, white, data } = (await readMap(path)).content;
      if (width !== slice.width || height !== slice.height) {
        throw cliError(
          'CLI_PRIOR',
          `The prior is ${width}x${height}, its slice ${slice.width}x${slice.height}.`,
          'Give priors of the size of their slices, as infnet segment writes them.',
          { where: path },
        );
      }
      const bytes = white === 255 ? Uint8Array.from(data) : Uint8Array.from(data, (v) => v >> 8);
      return { Prior: { width, height, channels: 1, data: bytes } };
    },
  };
}

/** @throws InfnetError `CLI_PRIOR` */
function nameOf(stem: string, names: readonly string[], folder: string): string {
  // Accents in one spelling: macOS has another than the rest.
  const plain = stem.normalize('NFC');
  const own = names.filter((name) => name.normalize('NFC').startsWith(`${plain}.`));
  for (const pattern of NAMES) {
    const [found, ...others] = own.filter((name) => pattern.test(name.normalize('NFC').slice(plain.length)));
    if (found !== undefined && others.length === 0) return found;
    if (found === undefined) continue;
    const message = `There are several priors for ${printable(stem)}: ${listed([found, ...others], 5)}.`;
    throw cliError('CLI_PRIOR', message, 'Keep one.', { where: resolve(folder) });
  }
  const shown = printable(stem);
  throw cliError(
    'CLI_PRIOR',
    `There is no prior for ${shown}: neither ${shown}.prob.png nor ${shown}.mask.png nor ${shown}.png.`,
    'Make priors with infnet segment, or give the weights that make them: --prior-weights.',
    { where: resolve(folder) },
  );
}

/** Inf-Net's probabilities, as the `.prob.png` of `infnet segment` have them. */
export async function priorsOfNet(
  shared: SharedContext,
  weights: LoadedWeights,
  { size, batch, precision, stretch = false }: Pick<SegmentOptions, 'size' | 'batch' | 'precision' | 'stretch'>,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<CompanionSource> {
  const network = await prepareWithProgress(shared, weights, { size, batch, precision }, progress, signal);
  return {
    async *make(sources, load, { signal: abort, onFailed }) {
      const answers = network.each(sources, load, { size, batch }, { signal: abort, onFailed });
      for await (const { item, logits } of answers) {
        const { image } = item.slice;
        try {
          const found = network.net.interpret(logits, image, { size, stretch, where: item.name });
          const { width, height, data } = probabilityOf(found);
          const bytes = stretch ? finalPngU8(data) : probabilityToU8(data);
          const prior: GreyImage = { width, height, channels: 1, data: bytes };
          yield { ...item, slice: { ...item.slice, companions: { Prior: prior } } };
        } catch (error) {
          if (onFailed === undefined) throw error;
          onFailed(error, [item]);
        }
      }
    },
  };
}
