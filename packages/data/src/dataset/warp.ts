/** Moving the pixels of an 8-bit picture: mirrors, and rotation with scale about the centre. */
import type { ByteImage } from '../image.js';

/** Mirrors columns (`horizontal`) and rows (`vertical`). Without either the picture itself comes back. */
export function flip<T extends ByteImage>(image: T, horizontal: boolean, vertical: boolean): T {
  if (!horizontal && !vertical) return image;
  const { width, height, channels } = image;
  const data = new Uint8Array(image.data.length);
  for (let y = 0, to = 0; y < height; y++) {
    const row = (vertical ? height - 1 - y : y) * width;
    for (let x = 0; x < width; x++) {
      const from = (row + (horizontal ? width - 1 - x : x)) * channels;
      for (let c = 0; c < channels; c++) data[to++] = image.data[from + c] as number;
    }
  }
  return { ...image, data };
}

/**
 * Rotates by the angle whose half has the tangent `halfTangent` (counter-clockwise as seen) and enlarges by `scale`,
 * about the centre, within the same frame. Bilinear, rounded to nearest; outside the picture its border goes on.
 */
export function warp<T extends ByteImage>(image: T, halfTangent: number, scale: number): T {
  const { width, height, channels } = image;
  const square = halfTangent * halfTangent;
  // Where an output pixel comes from: turned back and shrunk.
  const cos = (1 - square) / (1 + square) / scale;
  const sin = (2 * halfTangent) / (1 + square) / scale;
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const data = new Uint8Array(image.data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sx = clamp(cx + cos * (x - cx) - sin * (y - cy), width - 1);
      const sy = clamp(cy + sin * (x - cx) + cos * (y - cy), height - 1);
      const left = Math.floor(sx);
      const top = Math.floor(sy);
      const fx = sx - left;
      const fy = sy - top;
      const right = left < width - 1 ? channels : 0;
      const down = top < height - 1 ? width * channels : 0;
      const a = (top * width + left) * channels;
      const b = a + right;
      const c = a + down;
      const d = c + right;
      for (let k = 0; k < channels; k++) {
        const upper = (image.data[a + k] as number) * (1 - fx) + (image.data[b + k] as number) * fx;
        const lower = (image.data[c + k] as number) * (1 - fx) + (image.data[d + k] as number) * fx;
        data[to++] = Math.round(upper * (1 - fy) + lower * fy);
      }
    }
  }
  return { ...image, data };
}

/** The same movement as {@link warp}, but every pixel takes the value of the nearest one: for class maps. */
export function warpNearest<T extends ByteImage>(image: T, halfTangent: number, scale: number): T {
  const { width, height, channels } = image;
  const square = halfTangent * halfTangent;
  const cos = (1 - square) / (1 + square) / scale;
  const sin = (2 * halfTangent) / (1 + square) / scale;
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const data = new Uint8Array(image.data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sx = Math.round(clamp(cx + cos * (x - cx) - sin * (y - cy), width - 1));
      const sy = Math.round(clamp(cy + sin * (x - cx) + cos * (y - cy), height - 1));
      const from = (sy * width + sx) * channels;
      for (let k = 0; k < channels; k++) data[to++] = image.data[from + k] as number;
    }
  }
  return { ...image, data };
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
