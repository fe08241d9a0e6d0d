/** Slices and volumes as they were dropped, decoded once, with what the net said of them. */

import { InfnetError } from '@infnet/core';
import {
  type DataNote,
  decodeImage,
  type GreyImage,
  isVolumeName,
  MIN_SIDE,
  type Provenance,
  phantomSlice,
  type RgbImage,
  rangeNote,
  readNifti,
  readProvenance,
  sliceLayout,
  toGrey8,
  toRgb8,
  type Volume,
  volumeExtremes,
  volumeNotes,
  volumeSlice,
  voxelMillilitres,
} from '@infnet/data';
import type { Interpretation } from '@infnet/segmentation';
import type { ItemReport, ItemSource, VolumeView } from './segment-protocol.js';
import type { LoadedWeights } from './weights.js';

/**
 * What the net said of a slice: logits [C * size * size], kept small, and interpreted when they are looked at.
 */
export interface Answer {
  readonly by: LoadedWeights;
  readonly size: number;
  readonly logits: Float32Array;
  /** Of nets that tell borders: logits of those, [size * size]. */
  readonly edge: Float32Array | undefined;
  /** How a volume's slice was shown to the net. */
  readonly view: VolumeView;
  readonly made: Provenance;
}

export class Item {
  readonly name: string;
  readonly volume: Volume | undefined;
  readonly #picture: GreyImage | RgbImage | undefined;
  readonly #notes: readonly DataNote[];
  readonly results: Map<number, Answer> = new Map<number, Answer>();

  constructor(
    name: string,
    content: { readonly volume: Volume } | { readonly picture: GreyImage | RgbImage },
    notes: readonly DataNote[] = [],
  ) {
    this.name = name;
    this.#notes = notes;
    this.volume = 'volume' in content ? content.volume : undefined;
    this.#picture = 'picture' in content ? content.picture : undefined;
  }

  get depth(): number {
    return this.volume === undefined ? 1 : sliceLayout(this.volume).count;
  }

  /** Without the endings that a result replaces. */
  get stem(): string {
    return this.name.replace(/\.gz$/i, '').replace(/\.[^.]+$/, '');
  }

  /** As the net is shown it. */
  slice(index: number, view: VolumeView): GreyImage | RgbImage {
    return this.volume === undefined ? (this.#picture as GreyImage | RgbImage) : volumeSlice(this.volume, index, view);
  }

  /** As people are shown it. */
  grey(index: number, view: VolumeView): GreyImage {
    return toGrey8(this.slice(index, view)) as GreyImage;
  }

  /** @throws InfnetError `RESULT_MISSING` where the slice was not segmented */
  answer(slice: number): Answer {
    const answer = this.results.get(slice);
    if (answer !== undefined) return answer;
    throw missing(this, `Slice ${slice + 1} of ${this.depth} was not segmented yet.`);
  }

  /** At the slice's size. @throws InfnetError `RESULT_NOT_FINITE` */
  interpret(slice: number, { by, logits, size, view }: Answer, threshold?: number): Interpretation {
    const what = this.depth > 1 ? `result for slice ${slice + 1} of ${this.depth}` : undefined;
    return by.net.interpret(logits, this.slice(slice, view), { size, threshold, where: this.name, what });
  }

  report(id: number): ItemReport {
    const { volume, name, depth } = this;
    if (volume === undefined) {
      const { width, height } = this.#picture as GreyImage | RgbImage;
      return { id, name, isVolume: false, width, height, depth, notes: this.#notes.map(noteText) };
    }
    const { orientation, spacing } = volume;
    const [width, height] = sliceLayout(volume).extents;
    const extremes = volumeExtremes(volume);
    const millilitresPerVoxel = voxelMillilitres(volume);
    return {
      id,
      name,
      isVolume: true,
      width,
      height,
      depth,
      extremes,
      notes: this.#notes.map(noteText),
      ...(orientation === undefined ? {} : { orientation }),
      ...(spacing.every(Number.isFinite) ? { spacing } : {}),
      ...(millilitresPerVoxel === undefined ? {} : { millilitresPerVoxel }),
    };
  }
}

/** @throws InfnetError `DATA_...` with what is wrong with the file */
export async function readItem(source: ItemSource): Promise<Item> {
  if (source.kind === 'phantom') {
    return new Item(`phantom-${source.seed}.png`, { picture: phantomSlice(source.seed).image });
  }
  const { file } = source;
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!isVolumeName(file.name)) {
    const picture = await decodeImage(bytes, file.name);
    refuseResult(bytes, file.name);
    // Hundreds may be in memory: grey ones take a third as grey.
    const range = rangeNote(picture);
    const notes = [...(picture.notes ?? []), ...(range === undefined ? [] : [range])];
    const own = picture.channels <= 2 ? (toGrey8(picture) as GreyImage) : toRgb8(picture);
    return new Item(file.name, { picture: own }, notes);
  }
  const volume = readNifti(bytes, file.name);
  refuseResult(bytes, file.name);
  const { width, height } = sliceLayout(volume);
  if (Math.min(width, height) < MIN_SIDE) {
    throw new InfnetError({
      code: 'DATA_TOO_SMALL',
      message: `The slices have ${width} x ${height} voxels; at least ${MIN_SIDE} per side are needed.`,
      where: file.name,
      fix: 'Check that the third axis goes through the slices, and that this is the scan and not a part of it.',
    });
  }
  return new Item(file.name, { volume }, volumeNotes(volume));
}

/**
 * Masks, probabilities and overlays that were made here or by `infnet segment` say so.
 * @throws InfnetError `ITEM_IS_RESULT`
 */
function refuseResult(bytes: Uint8Array, where: string): void {
  const made = readProvenance(bytes);
  if (made === undefined) return;
  throw new InfnetError({
    code: 'ITEM_IS_RESULT',
    message: `This is no slice but a result of infnet, made with ${made.weights}.`,
    where,
    fix: 'Drop the slices that it was made from.',
  });
}

export function missing(item: Item, message: string): InfnetError {
  return new InfnetError({ code: 'RESULT_MISSING', message, where: item.name, fix: 'Segment it first, to its end.' });
}

/** In the page's words. */
function noteText({ message, suggest }: DataNote): string {
  if (suggest?.option === 'window') return `${message}: try “full range”`;
  return suggest?.option === 'range'
    ? `${message}: save it with 8 bits first, ${suggest.values[0]} as black and white`
    : message;
}
