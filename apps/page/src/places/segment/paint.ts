/** A slice in grey with the net's maps over it, as canvas pixels. */
import type { GreySlice, SliceMaps } from '../../worker/segment-protocol.js';
import type { Layers } from './state.js';

export type Rgb = readonly [number, number, number];

/** Orange, as in `infnet segment`'s overlays; the border of the net's edge map in blue, which lungs never are. */
export const MASK: Rgb = [255, 96, 28];
export const OUTLINE: Rgb = [255, 205, 96];
export const EDGE: Rgb = [70, 190, 255];

/** 256 colours from a pale yellow to a deep red. */
const RAMP: readonly Rgb[] = Array.from({ length: 256 }, (_, v) => {
  const t = v / 255;
  return [255 - 60 * t * t, 225 - 190 * t, 110 - 70 * t];
});

export interface PaintOptions {
  readonly layers: Layers;
  /** 0..1. */
  readonly threshold: number;
  readonly opacity: number;
}

export function paint(slice: GreySlice, maps: SliceMaps | undefined, options: PaintOptions): ImageData {
  const { width, height, data: grey } = slice;
  const { layers, threshold, opacity } = options;
  const image = new ImageData(width, height);
  const out = image.data;
  const fits = maps !== undefined && maps.width === width && maps.height === height;
  for (let i = 0; i < grey.length; i++) {
    const shade = grey[i] as number;
    let [r, g, b] = [shade, shade, shade];
    if (fits) {
      const p = maps.probability[i] as number;
      const cover = (colour: Rgb, alpha: number): void => {
        r += (colour[0] - r) * alpha;
        g += (colour[1] - g) * alpha;
        b += (colour[2] - b) * alpha;
      };
      if (layers.probability) cover(RAMP[Math.min(255, Math.round(255 * p))] as Rgb, opacity * Math.min(1, 1.2 * p));
      if (layers.mask && p >= threshold) {
        const border = isBorder(maps.probability, width, height, i, threshold);
        cover(border ? OUTLINE : MASK, border ? Math.min(1, 0.35 + opacity) : opacity * 0.8);
      }
      if (layers.edge) cover(EDGE, opacity * ((maps.edge[i] as number) / 255));
    }
    out[4 * i] = r;
    out[4 * i + 1] = g;
    out[4 * i + 2] = b;
    out[4 * i + 3] = 255;
  }
  return image;
}

/** A pixel of the mask that touches one outside. */
function isBorder(map: Float32Array, width: number, height: number, i: number, threshold: number): boolean {
  const x = i % width;
  const y = (i - x) / width;
  const out = (at: number): boolean => (map[at] as number) < threshold;
  return (
    (x > 0 && out(i - 1)) ||
    (x < width - 1 && out(i + 1)) ||
    (y > 0 && out(i - width)) ||
    (y < height - 1 && out(i + width))
  );
}
