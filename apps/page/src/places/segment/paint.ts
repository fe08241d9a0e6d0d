/** A slice in grey with the net's maps over it, as canvas pixels. */
import type { GreySlice, SliceMaps } from '../../worker/segment-protocol.js';
import type { Layers } from './state.js';

export type Rgb = readonly [number, number, number];

/** The border of the net's edge map: a blue that lungs never are. */
export const EDGE: Rgb = [70, 190, 255];

/** 256 colours from a pale yellow to a deep red. */
const RAMP: readonly Rgb[] = Array.from({ length: 256 }, (_, v) => {
  const t = v / 255;
  return [255 - 60 * t * t, 225 - 190 * t, 110 - 70 * t];
});

/** As style sheets have it. */
export function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}

export const RAMP_BACKGROUND: string = `linear-gradient(90deg, ${css(RAMP[0] ?? EDGE)}, ${css(RAMP[255] ?? EDGE)})`;

/** A class's colour, as a line around it: paler. */
function outlineOf([r, g, b]: Rgb): Rgb {
  return [r + 0.7 * (255 - r), g + 0.7 * (235 - g), b + 0.35 * (255 - b)];
}

export interface PaintOptions {
  /** Of the classes; the background's is not drawn. */
  readonly colours: readonly Rgb[];
  readonly layers: Layers;
  /** 0..1. */
  readonly threshold: number;
  readonly opacity: number;
}

export function paint(slice: GreySlice, maps: SliceMaps | undefined, options: PaintOptions): ImageData {
  const { width, height, data: grey } = slice;
  const { colours, layers, threshold, opacity } = options;
  const image = new ImageData(width, height);
  const out = image.data;
  const fits = maps !== undefined && maps.width === width && maps.height === height;
  const classes = fits ? classesOf(maps, threshold) : undefined;
  const outlines = colours.map(outlineOf);
  for (let i = 0; i < grey.length; i++) {
    const shade = grey[i] as number;
    let [r, g, b] = [shade, shade, shade];
    if (classes !== undefined) {
      const cover = (colour: Rgb | undefined, alpha: number): void => {
        if (colour === undefined) return;
        r += (colour[0] - r) * alpha;
        g += (colour[1] - g) * alpha;
        b += (colour[2] - b) * alpha;
      };
      const p = maps?.probability?.[i] ?? 0;
      if (layers.probability) cover(RAMP[Math.min(255, Math.round(255 * p))], opacity * Math.min(1, 1.2 * p));
      const found = classes[i] as number;
      if (layers.mask && found > 0) {
        const isLine = isBorder(classes, width, height, i);
        cover((isLine ? outlines : colours)[found], isLine ? Math.min(1, 0.35 + opacity) : opacity * 0.8);
      }
      if (layers.edge) cover(EDGE, opacity * ((maps?.edge?.[i] ?? 0) / 255));
    }
    out[4 * i] = r;
    out[4 * i + 1] = g;
    out[4 * i + 2] = b;
    out[4 * i + 3] = 255;
  }
  return image;
}

/** The class of every pixel, at a threshold where one decides. */
function classesOf({ labels, probability }: SliceMaps, threshold: number): Uint8Array {
  return labels ?? Uint8Array.from(probability ?? [], (p) => (p >= threshold ? 1 : 0));
}

/** A pixel that touches one of another class. */
function isBorder(classes: Uint8Array, width: number, height: number, i: number): boolean {
  const x = i % width;
  const y = (i - x) / width;
  const own = classes[i];
  return (
    (x > 0 && classes[i - 1] !== own) ||
    (x < width - 1 && classes[i + 1] !== own) ||
    (y > 0 && classes[i - width] !== own) ||
    (y < height - 1 && classes[i + width] !== own)
  );
}
