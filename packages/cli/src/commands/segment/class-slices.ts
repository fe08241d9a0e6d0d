/** Pictures: a class map and an overlay for each. */
import {
  type ChannelOrder,
  type ClassMap,
  classOverlay,
  countClasses,
  encodeClassMap,
  encodePng,
  type GreyImage,
  multiClassInput,
  type RgbImage,
  writeNpy,
} from '@infnet/data';
import { classMapOf } from '../../classes/decide.js';
import type { ClassNetwork } from '../../classes/prediction.js';
import { noteText } from '../../data-notes.js';
import type { DoneClassSlice } from './class-summary.js';
import type { SliceFile } from './inputs.js';
import { type NoteTeller, type Picture, readPicture } from './notes.js';
import type { SegmentOptions } from './options.js';
import { type SliceResult, writeOutputs } from './outputs.js';
import type { Priors } from './priors.js';
import type { SliceWork } from './work.js';

/** Every name that the results of a slice can have. */
export function classResultNames(stem: string): Readonly<Record<'classes' | 'prior' | 'overlay' | 'logits', string>> {
  return {
    classes: `${stem}.classes.png`,
    prior: `${stem}.prior.png`,
    overlay: `${stem}.overlay.png`,
    logits: `${stem}.logits.npy`,
  };
}

interface Loaded extends Picture {
  readonly file: SliceFile;
  /** Undefined where it is made. */
  readonly prior: GreyImage | undefined;
}

interface Output {
  readonly logits: Float32Array;
  readonly prior: GreyImage;
}

export interface PriorNetwork extends Pick<ClassNetwork, 'run'> {
  readonly order: ChannelOrder;
  readonly priors: Priors;
}

export function classWork(
  { run, order, priors }: PriorNetwork,
  options: SegmentOptions,
  notes: NoteTeller,
): SliceWork<Loaded, Output, { readonly done: DoneClassSlice }> {
  const { size, range, batch, out } = options;
  return {
    batch,
    async load(file) {
      const picture = await readPicture(file.path, range);
      notes.tell(file, picture.notes);
      return { file, ...picture, prior: await priors.read?.({ file, slice: picture.slice }) };
    },
    async run(loaded, signal) {
      const made = await priors.make?.(loaded, signal);
      const given = loaded.map(({ prior }, i) => prior ?? (made?.[i] as GreyImage));
      const asReleased = order === 'as-released';
      const inputs = loaded.map(
        ({ slice }, i) => multiClassInput(slice, given[i] as GreyImage, size, { asReleased }).data,
      );
      const all = await run(inputs, signal);
      return all.map((logits, i) => ({ logits, prior: given[i] as GreyImage }));
    },
    async finish({ path, stem }, { slice, notes: noticed, prior: given }, { logits, prior }, seconds) {
      const map = classMapOf(logits, slice, { size, order, where: stem });
      const files = makeFiles(stem, slice, map, options);
      // What was made on the way is shown; what was given is there already.
      if (given === undefined) files.push({ name: classResultNames(stem).prior, bytes: encodePng(prior) });
      if (options.format === 'npy') {
        files.push({ name: classResultNames(stem).logits, bytes: writeNpy(logits, [1, 3, size, size]) });
      }
      await writeOutputs(out, { files });
      const { width, height } = slice;
      const counts = countClasses(map);
      return {
        done: {
          file: path,
          stem,
          width,
          height,
          ...{ groundGlassPixels: counts[1], groundGlassFraction: counts[1] / (width * height) },
          ...{ consolidationPixels: counts[2], consolidationFraction: counts[2] / (width * height) },
          seconds: seconds(),
          notes: noticed.map(noteText),
          outputs: files.map(({ name }) => name),
        },
      };
    },
  };
}

function makeFiles(
  stem: string,
  slice: RgbImage,
  map: ClassMap,
  { classFormat }: Pick<SegmentOptions, 'classFormat'>,
): SliceResult['files'][number][] {
  const names = classResultNames(stem);
  return [
    { name: names.classes, bytes: encodeClassMap(map, classFormat) },
    { name: names.overlay, bytes: encodePng(classOverlay(slice, map)) },
  ];
}
