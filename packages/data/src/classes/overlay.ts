/** Class maps for people: over the slice, ground-glass in one colour and consolidation in another. */
import type { AnyImage, GreyImage, RgbImage } from '../image.js';
import { type Colour, drawLayers } from '../overlay.js';
import { type ClassMap, checkClassMap } from './class-map.js';

export interface ClassOverlayOptions {
  /** How strongly the colours cover the slice, in 0..1. Default 0.42. */
  readonly opacity?: number;
  /** Width of the outlines in pixels of the result; 0 leaves them out. Default 1.5. */
  readonly outline?: number;
  /** Size of the result relative to the slice: a whole number. Default 1. */
  readonly scale?: number;
  readonly groundGlass?: Colour;
  readonly consolidation?: Colour;
}

/**
 * Red and green, as in the published class maps, but told apart by the red-green blind too: one is light, one is dark.
 */
export const GROUND_GLASS_COLOUR: Colour = [240, 72, 40];
export const CONSOLIDATION_COLOUR: Colour = [84, 224, 128];

/**
 * Draws a class map over its slice.
 *
 * @param classes of any size; resized to the slice's
 * @returns RGB, `slice.width * scale` x `slice.height * scale`
 * @throws `DATA_ARGUMENT` for wrong sizes, values or options
 */
export function classOverlay(slice: AnyImage, classes: ClassMap, options: ClassOverlayOptions = {}): RgbImage {
  checkClassMap(classes);
  const { groundGlass = GROUND_GLASS_COLOUR, consolidation = CONSOLIDATION_COLOUR } = options;
  const only = (k: number): GreyImage => ({ ...classes, data: classes.data.map((v) => (v === k ? 255 : 0)) });
  const layer = (k: number, colour: Colour) => ({ map: only(k), colour, outlineColour: colour });
  return drawLayers(slice, [layer(1, groundGlass), layer(2, consolidation)], options);
}
