/** A case as pictures: the slice, the truth's outline on it, the prediction with the truth's outline. */
import { type ByteImage, encodePng, type GreyImage, overlay, type RgbImage, resizePillow, toGrey8 } from '@infnet/data';
import type { Scoring } from './options.js';
import { scoredValues } from './score.js';
import type { Item } from './source.js';

export interface CasePictures {
  /** The slice, or without one the map itself. */
  readonly slice: Uint8Array;
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
  readonly hasSlice: boolean;
}

/** Pictures in a report are not larger than this, so that the page stays small; small ones are enlarged towards it. */
const SIDE = 384;
/** Behind outlines where there is no slice: neither black nor bright. */
const BACKDROP = 40;
const TRUTH = { colour: [40, 190, 120], outlineColour: [20, 230, 110], opacity: 0, outline: 2.4 } as const;

/** @param image the slice, of any size */
export function drawCase(item: Item, image: ByteImage | undefined, scoring: Scoring): CasePictures {
  const { truth } = item;
  const values = scoredValues(item, scoring);
  const map: GreyImage = { ...truth, data: Uint8Array.from(values, (v) => Math.round(255 * v)) };
  // What was scored, not the map: a map that is flat near the threshold would be all outline.
  const predicted: GreyImage = { ...truth, data: Uint8Array.from(values, (v) => (v >= scoring.threshold ? 255 : 0)) };
  const shrink = Math.min(1, SIDE / Math.max(truth.width, truth.height));
  const [width, height] = [truth.width, truth.height].map((n) => Math.max(1, Math.round(n * shrink))) as [
    number,
    number,
  ];
  const scale = Math.max(1, Math.min(8, Math.floor(SIDE / Math.max(width, height))));
  const fit = (picture: GreyImage): GreyImage => toGrey8(resizePillow(picture, width, height));
  const slice = fit(image === undefined ? map : toGrey8(image));
  const base: GreyImage =
    image === undefined ? { width, height, channels: 1, data: new Uint8Array(width * height).fill(BACKDROP) } : slice;
  const outlined = overlay(base, fit(truth), { ...TRUTH, scale });
  const filled = overlay(base, fit(predicted), { outline: 0, opacity: 0.5, scale });
  return {
    slice: encodePng(slice),
    truth: encodePng(outlined),
    prediction: encodePng(withColoursOf(filled, outlined)),
    hasSlice: image !== undefined,
  };
}

/** `under` with the coloured pixels of `over`, which is otherwise grey. */
function withColoursOf(under: RgbImage, over: RgbImage): RgbImage {
  const data = under.data.slice();
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [over.data[i], over.data[i + 1], over.data[i + 2]] as [number, number, number];
    if (r === g && g === b) continue;
    // The outline's own share of the pixel, told by how coloured it is.
    const share = Math.min(
      1,
      (Math.max(r, g, b) - Math.min(r, g, b)) / (TRUTH.outlineColour[1] - TRUTH.outlineColour[0]),
    );
    for (const [c, value] of [r, g, b].entries()) {
      const below = data[i + c] as number;
      data[i + c] = Math.round(below + (value - below) * share);
    }
  }
  return { ...under, data };
}
