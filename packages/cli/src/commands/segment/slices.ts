/** Pictures: a probability, a mask and an overlay for each. */
import { type Provenance, predictionInput } from '@infnet/data';
import { noteText } from '../../data-notes.js';
import type { Network } from './network.js';
import { type NoteTeller, type Picture, readPicture } from './notes.js';
import type { SegmentOptions } from './options.js';
import { makeOutputs, writeOutputs } from './outputs.js';
import { rangeOf } from './provenance.js';
import type { DoneSlice } from './summary.js';
import type { SliceWork } from './work.js';

/** A slice that is ready for the net. */
interface Loaded extends Picture {
  readonly input: Float32Array;
  readonly made: Provenance;
}

export function infectionWork(
  network: Network,
  options: SegmentOptions,
  made: Provenance,
  notes: NoteTeller,
): SliceWork<Loaded, Float32Array, { readonly done: DoneSlice }> {
  const { size, range, batch, out } = options;
  return {
    batch,
    async load(file) {
      const picture = await readPicture(file.path, range);
      notes.tell(file, picture.notes);
      const own = { ...made, ...rangeOf(range, picture.depth) };
      return { ...picture, input: predictionInput(picture.slice, size), made: own };
    },
    run: (loaded, signal) =>
      network.run(
        loaded.map(({ input }) => input),
        signal,
      ),
    async finish({ path, stem }, { slice, made: own, notes: noticed }, logits, seconds) {
      const result = makeOutputs(stem, slice, logits, options, own);
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
          provenance: { ...own, threshold: options.threshold },
          outputs: files.map(({ name }) => name),
        },
      };
    },
  };
}
