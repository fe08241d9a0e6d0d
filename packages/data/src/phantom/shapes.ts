/**
 * Shapes as signed distances (negative inside) and smooth noise, with nothing but + - * / and square roots, which every
 * platform rounds alike.
 */
import { mix32 } from './random.js';

/** Signed distance to an axis-parallel ellipse; first-order exact near the border, monotone elsewhere. */
export function ellipse(x: number, y: number, cx: number, cy: number, rx: number, ry: number): number {
  const px = (x - cx) / rx;
  const py = (y - cy) / ry;
  const k0 = Math.sqrt(px * px + py * py);
  const gx = px / rx;
  const gy = py / ry;
  const k1 = Math.sqrt(gx * gx + gy * gy);
  return k1 < 1e-9 ? -Math.min(rx, ry) : (k0 * (k0 - 1)) / k1;
}

/**
 * Signed distance (approximate) to a rounded rectangle around the origin, between an ellipse (`square` 0) and a
 * rectangle (`square` 1).
 */
export function squircle(x: number, y: number, rx: number, ry: number, square: number): number {
  const px = x / rx;
  const py = y / ry;
  const level = px * px + py * py - square * px * px * py * py;
  return (Math.sqrt(Math.max(0, level)) - 1) * Math.min(rx, ry);
}

/** Distance to the segment from a to b. */
export function segment(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax;
  const dy = by - ay;
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : clamp(((x - ax) * dx + (y - ay) * dy) / length);
  const ex = x - ax - t * dx;
  const ey = y - ay - t * dy;
  return Math.sqrt(ex * ex + ey * ey);
}

/** Minimum with a rounded seam of width `k`: the union of two shapes. */
export function smoothMin(a: number, b: number, k: number): number {
  const h = Math.max(0, k - Math.abs(a - b)) / k;
  return Math.min(a, b) - (h * h * k) / 4;
}

export function smoothMax(a: number, b: number, k: number): number {
  return -smoothMin(-a, -b, k);
}

export function clamp(value: number, low = 0, high = 1): number {
  return Math.min(high, Math.max(low, value));
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothStep(low: number, high: number, value: number): number {
  const t = clamp((value - low) / (high - low));
  return t * t * (3 - 2 * t);
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** Smooth noise in [-1, 1] with one feature per unit, a function of the position alone. */
export type Noise = (x: number, y: number) => number;

export function valueNoise(seed: number): Noise {
  const base = mix32(seed);
  const lattice = (ix: number, iy: number): number =>
    mix32(Math.imul(ix, 0x27d4eb2d) ^ Math.imul(iy, 0x165667b1) ^ base) / 2147483648 - 1;
  return (x, y) => {
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    const fx = x - ix;
    const fy = y - iy;
    const sx = fx * fx * (3 - 2 * fx);
    const sy = fy * fy * (3 - 2 * fy);
    const top = mix(lattice(ix, iy), lattice(ix + 1, iy), sx);
    const bottom = mix(lattice(ix, iy + 1), lattice(ix + 1, iy + 1), sx);
    return mix(top, bottom, sy);
  };
}

/** Three octaves of {@link valueNoise}, each half as strong and twice as fine. About [-1, 1]. */
export function fractalNoise(seed: number): Noise {
  const noise = valueNoise(seed);
  return (x, y) => (noise(x, y) + noise(2 * x + 17.3, 2 * y - 4.1) / 2 + noise(4 * x - 9.7, 4 * y + 23.9) / 4) / 1.75;
}
