/**
 * A picture for people: the slice in grey, the infection in a warm colour, its outline crisp.
 *
 * The map is brought to the picture's size, smoothed by less than a pixel (so that the staircase of a binary mask does
 * not show), and read as a height field: where it passes the threshold is the outline. The distance to the outline is
 * height over slope, which gives lines of even width without a single pixel being drawn twice.
 */
import { dataError } from './errors.js';
import { type AnyImage, checkSize, type GreyImage, type RgbImage, toGrey8 } from './image.js';
import { type FloatMap, resizeBilinearFloat } from './resize/float.js';

export type Colour = readonly [number, number, number];

export interface OverlayOptions {
  /** Where infection begins, in 0..1. Default 0.5. */
  readonly threshold?: number;
  /** Colour of the infection, RGB 0..255. */
  readonly colour?: Colour;
  /** Colour of the outline. */
  readonly outlineColour?: Colour;
  /** How strongly the colour covers the slice at probability 1, in 0..1. Default 0.42. */
  readonly opacity?: number;
  /** Width of the outline in pixels of the result; 0 leaves it out. Default 1.5. */
  readonly outline?: number;
  /** Size of the result relative to the slice: a whole number. Default 1; 2 or 3 look better on a screen. */
  readonly scale?: number;
}

/** Infection, orange; the outline lighter, so that it stands out on dark lung and on bright consolidation. */
export const INFECTION_COLOUR: Colour = [255, 96, 28];
export const OUTLINE_COLOUR: Colour = [255, 205, 96];

/**
 * Draws `map` over `slice`.
 *
 * @param map probabilities in 0..1 (`Float32Array`) or a mask of bytes (0..255); it may have another size than the
 * slice and is then resized bilinearly with half-pixel centres. Below the threshold nothing is coloured.
 * @returns RGB, `slice.width * scale` x `slice.height * scale`
 * @throws `DATA_ARGUMENT` for wrong sizes or options
 */
export function overlay(slice: AnyImage, map: FloatMap | GreyImage, options: OverlayOptions = {}): RgbImage {
  const { colour = INFECTION_COLOUR, outlineColour = OUTLINE_COLOUR } = options;
  checkSize(map, 'map to overlay');
  return drawLayers(slice, [{ map, colour, outlineColour }], options);
}

/** A map and its colours. */
export interface OverlayLayer {
  readonly map: FloatMap | GreyImage;
  readonly colour: Colour;
  readonly outlineColour: Colour;
}

/** Draws maps over a slice, one after the other. */
export function drawLayers(
  slice: AnyImage,
  layers: readonly OverlayLayer[],
  options: Omit<OverlayOptions, 'colour' | 'outlineColour'>,
): RgbImage {
  const { threshold = 0.5, opacity = 0.42, outline = 1.5, scale = 1 } = options;
  if (!Number.isInteger(scale) || scale < 1 || scale > 8) {
    throw dataError({ code: 'DATA_ARGUMENT', message: `The overlay's scale must be 1, 2, .. 8, not ${scale}.` });
  }
  if (!(threshold > 0 && threshold < 1) || !(opacity >= 0 && opacity <= 1) || !(outline >= 0)) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `Overlay options out of range: threshold ${threshold} (0..1), opacity ${opacity} (0..1), outline ${outline} (>= 0).`,
    });
  }
  const grey = toGrey8(slice);
  const width = grey.width * scale;
  const height = grey.height * scale;
  const base = resizeBilinearFloat(toMap(grey), width, height).data;
  const reach = Math.ceil(outline / 2 + 0.5);
  const colours = new Float64Array(width * height * 3);
  for (let i = 0; i < base.length; i++) colours.fill((base[i] as number) * 255, 3 * i, 3 * i + 3);
  for (const { map, colour, outlineColour } of layers) {
    const field = smooth(resizeBilinearFloat(toMap(map), width, height), scale);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const value = field[i] as number;
        const distance = (value - threshold) / slope(field, width, height, x, y);
        const isBorder = Math.abs(distance) < reach && crosses(field, width, height, x, y, threshold, reach);
        const inside = isBorder ? clamp(distance + 0.5) : Number(value >= threshold);
        const fill = inside * opacity * (0.55 + 0.45 * clamp((value - threshold) / (1 - threshold)));
        const line = outline > 0 && isBorder ? 0.9 * clamp(outline / 2 + 0.5 - Math.abs(distance)) : 0;
        for (let c = 0; c < 3; c++) {
          const shade = colours[i * 3 + c] as number;
          const filled = shade + ((colour[c] as number) - shade) * fill;
          colours[i * 3 + c] = filled + ((outlineColour[c] as number) - filled) * line;
        }
      }
    }
  }
  return { width, height, channels: 3, data: Uint8Array.from(colours, Math.round) };
}

function toMap(map: FloatMap | GreyImage): FloatMap {
  const { width, height, data } = map;
  if (data instanceof Float32Array) return { width, height, data };
  return { width, height, data: Float32Array.from(data, (v) => v / 255) };
}

/** The 1-2-1 kernel along both axes, `passes` times, borders replicated. Overwrites `map`. */
function smooth(map: FloatMap, passes: number): Float32Array {
  const { width, height } = map;
  let from = map.data;
  let to: Float32Array = new Float32Array(from.length);
  const pass = (along: number, size: number, across: number, lines: number): void => {
    for (let line = 0; line < lines; line++) {
      for (let k = 0; k < size; k++) {
        const at = line * across + k * along;
        const before = from[k === 0 ? at : at - along] as number;
        const after = from[k === size - 1 ? at : at + along] as number;
        to[at] = (before + 2 * (from[at] as number) + after) / 4;
      }
    }
    [from, to] = [to, from];
  };
  for (let i = 0; i < passes; i++) {
    pass(1, width, width, height);
    pass(width, height, 1, width);
  }
  return from;
}

/** Length of the gradient per pixel, never below what a soft border of a few dozen pixels has. */
function slope(field: Float32Array, width: number, height: number, x: number, y: number): number {
  const at = (px: number, py: number): number =>
    field[Math.min(height - 1, Math.max(0, py)) * width + Math.min(width - 1, Math.max(0, px))] as number;
  const gx = (at(x + 1, y) - at(x - 1, y)) / 2;
  const gy = (at(x, y + 1) - at(x, y - 1)) / 2;
  return Math.max(Math.sqrt(gx * gx + gy * gy), 0.01);
}

/**
 * Whether the threshold is passed within `reach` pixels. A map that stays close to it without passing it (an untrained
 * net's) has no outline, though height over slope is small there.
 */
function crosses(
  field: Float32Array,
  width: number,
  height: number,
  x: number,
  y: number,
  threshold: number,
  reach: number,
): boolean {
  const isAbove = (field[y * width + x] as number) >= threshold;
  for (let py = Math.max(0, y - reach); py <= Math.min(height - 1, y + reach); py++) {
    for (let px = Math.max(0, x - reach); px <= Math.min(width - 1, x + reach); px++) {
      if ((field[py * width + px] as number) >= threshold !== isAbove) return true;
    }
  }
  return false;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
