/** Pictures: a probability, a mask and an overlay for each. */
import { predictionInput } from '@infnet/data';
import type { Network } from './network.js';
import { type NoteTeller, noteText, type Picture, readPicture } from './notes.js';
import type { SegmentOptions } from './options.js';
import { makeOutputs, writeOutputs } from './outputs.js';
import type { DoneSlice } from './summary.js';
import type { SliceWork } from './work.js';

/** A slice that is ready for the net. */
interface Loaded extends Picture {
  readonly input: Float32Array;
}

export function infectionWork(
  network: Network,
  options: SegmentOptions,
  notes: NoteTeller,
): SliceWork<Loaded, Float32Array, { readonly done: DoneSlice }> {
  const { size, range, batch, out } = options;
  return {
    batch,
    async load(file) {
      const picture = await readPicture(file.path, range);
      notes.tell(file, picture.notes);
      return { ...picture, input: predictionInput(picture.slice, size) };
    },
    run: (loaded, signal) =>
      network.run(
        loaded.map(({ input }) => input),
        signal,
      ),
    async finish({ path, stem }, { slice, notes: noticed }, logits, seconds) {
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
          notes: noticed.map(noteText),
          outputs: files.map(({ name }) => name),
        },
      };
    },
  };
}
