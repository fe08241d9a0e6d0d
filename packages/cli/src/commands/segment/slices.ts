/** Pictures: a probability, a mask and an overlay for each. */
import { decodeImage, predictionInput, type RgbImage, toRgb8 } from '@infnet/data';
import { readFile } from '@infnet/node';
import type { Network } from './network.js';
import type { SegmentOptions } from './options.js';
import { makeOutputs, writeOutputs } from './outputs.js';
import type { DoneSlice } from './summary.js';
import type { SliceWork } from './work.js';

/** A slice that is ready for the net. */
interface Loaded {
  readonly slice: RgbImage;
  readonly input: Float32Array;
}

export function infectionWork(
  network: Network,
  options: SegmentOptions,
): SliceWork<Loaded, Float32Array, { readonly done: DoneSlice }> {
  const { size, range, batch, out } = options;
  return {
    batch,
    async load({ path }) {
      const slice = toRgb8(await decodeImage(await readFile(path), path), { range });
      return { slice, input: predictionInput(slice, size) };
    },
    run: (loaded, signal) =>
      network.run(
        loaded.map(({ input }) => input),
        signal,
      ),
    async finish({ path, stem }, { slice }, logits, seconds) {
      const result = makeOutputs(stem, slice, logits, options);
      await writeOutputs(out, result);
      const { width, height } = slice;
      const { infectedPixels, files } = result;
      return {
        done: {
          file: path,
          stem,
          width,
          height,
          infectedPixels,
          infectedFraction: infectedPixels / (width * height),
          seconds: seconds(),
          outputs: files.map(({ name }) => name),
        },
      };
    },
  };
}
