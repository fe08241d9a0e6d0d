/**
 * Ribs, sternum and spine, as one signed distance (negative inside), and their density: a bright shell around marrow.
 */
import type { Random } from './random.js';
import { clamp, ellipse, mix, type Noise, segment, smoothMax, smoothMin } from './shapes.js';

/** A rib is cut lengthwise by the slice: an arc along the chest cavity. */
interface Rib {
  /** Unit direction from the centre. */
  readonly dx: number;
  readonly dy: number;
  readonly halfLength: number;
  /** Distance of its middle from the cavity; rises by `tilt` along the arc. */
  readonly depth: number;
  readonly tilt: number;
  readonly thickness: number;
}

export interface Bones {
  readonly ribs: readonly Rib[];
  /** Centre of the vertebral body, and its radii. */
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
  /** How far the transverse processes reach to either side. */
  readonly reach: readonly [number, number];
  readonly marrowHu: number;
}

const CORTEX = 750;

export function drawBones(random: Random): Bones {
  const r = (low: number, high: number): number => random.uniform(low, high);
  const ribs: Rib[] = [];
  for (let k = 0; k < 13; k++) {
    const [dx, dy] = random.direction();
    if (ribs.some((rib) => rib.dx * dx + rib.dy * dy > 0.8) || Math.abs(dy) < 0.25) continue;
    ribs.push({
      dx,
      dy,
      halfLength: r(0.08, 0.36),
      depth: r(0.05, 0.085),
      tilt: r(-0.16, 0.16),
      thickness: r(0.018, 0.036),
    });
  }
  if (random.chance(0.6)) {
    ribs.push({ dx: -1, dy: 0, halfLength: r(0.1, 0.2), depth: r(0.05, 0.08), tilt: 0, thickness: r(0.03, 0.045) });
  }
  return {
    ribs,
    x: r(0.7, 0.77),
    y: r(-0.03, 0.03),
    rx: r(0.12, 0.15),
    ry: r(0.13, 0.16),
    reach: [r(0.06, 0.24), r(0.06, 0.24)],
    marrowHu: r(90, 230),
  };
}

/**
 * Density at a point that holds `hu` where there is no bone.
 *
 * @param cavity signed distance to the chest cavity
 * @param pixel size of a pixel, for soft borders
 */
export function withBones(
  { ribs, x: sx, y: sy, rx, ry, reach, marrowHu }: Bones,
  hu: number,
  x: number,
  y: number,
  cavity: number,
  pixel: number,
  tissue: Noise,
): number {
  let bone = Number.POSITIVE_INFINITY;
  const nearSpine = x > sx - 0.25 && Math.abs(y - sy) < 0.6;
  const nearRibs = cavity > -0.06 && cavity < 0.24;
  if (!nearSpine && !nearRibs) return hu;
  const canal = nearSpine ? ellipse(x, y, sx + 0.2, sy, 0.06, 0.07) : 1;
  if (nearSpine) {
    bone = ellipse(x, y, sx, sy, rx, ry) + 0.012 * tissue(8 * x, 8 * y);
    for (const [i, side] of [-1, 1].entries()) {
      const far = reach[i] as number;
      const pedicle = segment(x, y, sx + 0.06, sy + side * 0.1, sx + 0.2, sy + side * 0.11) - 0.035;
      const process = segment(x, y, sx + 0.16, sy + side * 0.1, sx + 0.2 + 0.3 * far, sy + side * (0.1 + far)) - 0.036;
      bone = Math.min(bone, smoothMin(pedicle, process, 0.05));
    }
    bone = Math.min(bone, segment(x, y, sx + 0.28, sy, sx + 0.6, sy) - 0.04);
    bone = Math.min(bone, Math.abs(canal - 0.025) - 0.025);
  }
  for (const rib of nearRibs ? ribs : []) {
    if (rib.dx * x + rib.dy * y < 0) continue;
    const along = rib.dx * y - rib.dy * x;
    const across = Math.abs(cavity - rib.depth - rib.tilt * along) - rib.thickness;
    bone = Math.min(bone, smoothMax(Math.abs(along) - rib.halfLength, across, 0.03));
  }
  if (bone > pixel) return hu;
  const marrow = marrowHu + 110 * tissue(22 * x, 22 * y);
  const shell = mix(CORTEX, marrow, cover(bone + 0.016, pixel));
  return mix(mix(hu, shell, cover(bone, pixel)), 35, cover(canal, pixel));
}

/** Share of a pixel inside a shape at signed distance `d`. */
export function cover(d: number, pixel: number): number {
  return clamp(0.5 - d / pixel);
}
