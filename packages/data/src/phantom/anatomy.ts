/**
 * The chest of one phantom: a few drawn numbers, and from them the shape of lungs, mediastinum, wall and bones at any
 * point. Coordinates: x from -1 (anterior) to +1 (posterior), y from -1 to +1 across the patient, the picture's borders
 * at +-1; so the lungs lie sideways, above each other, as in the published slices. Densities are Hounsfield units.
 */
import type { Random } from './random.js';
import {
  clamp,
  ellipse,
  fractalNoise,
  mix,
  type Noise,
  segment,
  smoothMax,
  smoothMin,
  smoothStep,
  squircle,
} from './shapes.js';

export const HU = { air: -1000, fat: -95, muscle: 50, blood: 55, marrow: 230, cortex: 750 } as const;

interface Blob {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
}

interface Rib {
  /** Unit direction from the centre. */
  readonly dx: number;
  readonly dy: number;
  readonly halfLength: number;
  readonly depth: number;
  readonly tilt: number;
  readonly thickness: number;
}

export interface Anatomy {
  /** 0 at the level of the trachea, 1 at the base of the lungs. */
  readonly level: number;
  readonly cavity: { readonly rx: number; readonly ry: number; readonly square: number };
  readonly heart: Blob;
  readonly heartTilt: number;
  readonly spine: Blob;
  readonly septum: { readonly y: number; readonly width: number };
  readonly aorta: Blob;
  readonly hila: readonly [Blob, Blob];
  readonly liver: Blob | undefined;
  /** Trachea or main bronchi, filled with air. */
  readonly airways: readonly Blob[];
  readonly ribs: readonly Rib[];
  readonly wall: number;
  readonly lungHu: number;
  readonly bloodHu: number;
  readonly wobble: Noise;
  readonly tissue: Noise;
}

export function drawAnatomy(random: Random, level: number): Anatomy {
  const r = (low: number, high: number): number => random.uniform(low, high);
  const hilar = 1 - Math.abs(level - 0.5) * 2;
  const heart = {
    x: mix(-0.08, -0.3, level) + r(-0.08, 0.08),
    y: mix(0.0, 0.14, level) + r(-0.04, 0.04),
    rx: mix(0.5, 0.6, level) + r(-0.06, 0.06),
    ry: mix(0.13, 0.42, level * level) + r(0, 0.06),
  };
  const hilum = (side: number): Blob => ({
    x: r(0.05, 0.25),
    y: heart.y + side * (heart.ry * 0.95 + r(0, 0.03)),
    rx: 0.07 + 0.12 * Math.max(0, hilar) + r(0, 0.03),
    ry: 0.03 + 0.06 * Math.max(0, hilar) + r(0, 0.02),
  });
  const airwayX = r(0.18, 0.34);
  const airways: Blob[] =
    level < 0.35
      ? [{ x: airwayX, y: r(-0.04, 0.04), rx: r(0.075, 0.11), ry: r(0.065, 0.09) }]
      : level < 0.75
        ? [
            { x: airwayX, y: r(-0.13, -0.08), rx: r(0.06, 0.09), ry: r(0.035, 0.055) },
            { x: airwayX + r(-0.05, 0.05), y: r(0.08, 0.14), rx: r(0.05, 0.08), ry: r(0.035, 0.055) },
          ]
        : [];
  return {
    level,
    cavity: { rx: r(0.93, 0.98), ry: r(0.93, 0.98), square: r(0.1, 0.5) },
    heart,
    heartTilt: r(-0.12, 0.3) * level,
    spine: { x: r(0.84, 0.92), y: r(-0.03, 0.03), rx: r(0.3, 0.36), ry: r(0.18, 0.23) },
    septum: { y: r(-0.04, 0.04), width: r(0.012, 0.04) },
    aorta: { x: r(0.5, 0.58), y: r(0.12, 0.18), rx: r(0.1, 0.14), ry: r(0.075, 0.1) },
    hila: [hilum(-1), hilum(1)],
    liver:
      level > 0.72 && random.chance(0.6)
        ? { x: r(-0.3, 0.0), y: r(-0.55, -0.45), rx: r(0.25, 0.45), ry: r(0.2, 0.34) }
        : undefined,
    airways,
    ribs: drawRibs(random),
    wall: r(0.09, 0.2),
    lungHu: r(-880, -780),
    bloodHu: random.chance(0.3) ? r(110, 220) : r(40, 65),
    wobble: fractalNoise(random.next()),
    tissue: fractalNoise(random.next()),
  };
}

function drawRibs(random: Random): Rib[] {
  const ribs: Rib[] = [];
  for (let k = 0; k < 14; k++) {
    const [dx, dy] = random.direction();
    const crowded = ribs.some((rib) => rib.dx * dx + rib.dy * dy > 0.87);
    if (crowded || Math.abs(dy) < 0.3) continue;
    ribs.push({
      dx,
      dy,
      halfLength: random.uniform(0.07, 0.21),
      depth: random.uniform(0.045, 0.075),
      tilt: random.uniform(-0.16, 0.16),
      thickness: random.uniform(0.016, 0.028),
    });
  }
  return ribs;
}

/** Signed distance to the chest cavity (lungs and mediastinum together). */
export function cavityDistance({ cavity, wobble }: Anatomy, x: number, y: number): number {
  return squircle(x, y, cavity.rx, cavity.ry, cavity.square) + 0.012 * wobble(3 * x + 40, 3 * y);
}

/** Signed distance to everything in the cavity that is not lung. */
export function mediastinumDistance(a: Anatomy, x: number, y: number): number {
  const { heart, spine, aorta } = a;
  const tilted = y - a.heartTilt * (x - heart.x);
  const narrowing = a.septum.width + 0.05 * clamp(x + 0.4);
  let d = ellipse(x, tilted, heart.x, heart.y, heart.rx, heart.ry);
  d = smoothMin(d, segment(x, y, -1.1, a.septum.y, 1.1, 0) - narrowing, 0.16);
  d = smoothMin(d, ellipse(x, y, spine.x, spine.y, spine.rx, spine.ry), 0.1);
  d = smoothMin(d, ellipse(x, y, aorta.x, aorta.y, aorta.rx, aorta.ry), 0.04);
  for (const hilum of a.hila) d = smoothMin(d, ellipse(x, y, hilum.x, hilum.y, hilum.rx, hilum.ry), 0.06);
  if (a.liver !== undefined) d = Math.min(d, ellipse(x, y, a.liver.x, a.liver.y, a.liver.rx, a.liver.ry));
  return d + 0.05 * a.wobble(2.2 * x, 2.2 * y) + 0.012 * a.wobble(9 * x, 9 * y + 9);
}

/** Signed distance to the lungs. */
export function lungDistance(a: Anatomy, x: number, y: number): number {
  return smoothMax(cavityDistance(a, x, y), -mediastinumDistance(a, x, y), 0.07);
}

/** Density of healthy lung tissue without vessels: a little denser where the patient lies on it. */
export function lungHu(a: Anatomy, x: number, y: number): number {
  return a.lungHu + 35 * (x + 0.3) * (x > -0.3 ? 1 : 0.3) + 16 * a.tissue(5 * x, 5 * y) + 30 * a.wobble(26 * x, 26 * y);
}

/** Density outside the lungs at a point: wall, mediastinum, bones, air. `pixel`: size of a pixel, for soft borders. */
export function tissueHu(a: Anatomy, x: number, y: number, pixel: number): number {
  const cavity = cavityDistance(a, x, y);
  let hu: number = cavity < 0 ? mediastinumHu(a, x, y, pixel) : wallHu(a, x, y, cavity, pixel);
  hu = withBone(a, hu, x, y, cavity, pixel);
  for (const airway of a.airways) {
    const d = ellipse(x, y, airway.x, airway.y, airway.rx, airway.ry);
    hu = mix(hu, HU.air + 15, cover(d, pixel));
  }
  return hu;
}

function mediastinumHu(a: Anatomy, x: number, y: number, pixel: number): number {
  const inHeart = cover(
    ellipse(x, y - a.heartTilt * (x - a.heart.x), a.heart.x, a.heart.y, a.heart.rx * 0.86, a.heart.ry * 0.84),
    pixel * 3,
  );
  const inAorta = cover(ellipse(x, y, a.aorta.x, a.aorta.y, a.aorta.rx * 0.88, a.aorta.ry * 0.88), pixel * 2);
  const around = mix(-20, 50, smoothStep(-0.5, 0.4, a.tissue(3 * x + 5, 3 * y)));
  return mix(around, a.bloodHu, Math.max(inHeart, inAorta));
}

/** From inside: a thin muscle layer, muscle and fat in streaks, fat, skin, air. */
function wallHu(a: Anatomy, x: number, y: number, cavity: number, pixel: number): number {
  const streak = smoothStep(-0.25, 0.25, a.tissue(7 * x, 7 * y) + 0.3 - cavity / a.wall);
  const inside = mix(HU.fat, HU.muscle, Math.max(streak, cover(cavity - 0.02, pixel)));
  const skin = cover(Math.abs(cavity - a.wall) - 0.01, pixel);
  return mix(HU.air, mix(inside, 30, skin), cover(cavity - a.wall, pixel));
}

function withBone(a: Anatomy, hu: number, x: number, y: number, cavity: number, pixel: number): number {
  const { spine } = a;
  let bone = ellipse(x, y, spine.x - 0.06, spine.y, spine.rx * 0.5, spine.ry * 0.74) + 0.012 * a.wobble(8 * x, 8 * y);
  for (const side of [-1, 1]) {
    const process = segment(x, y, spine.x + 0.1, spine.y + side * 0.11, spine.x + 0.14, spine.y + side * 0.34) - 0.032;
    bone = Math.min(bone, process);
  }
  for (const rib of a.ribs) {
    const along = rib.dx * y - rib.dy * x;
    if (rib.dx * x + rib.dy * y < 0) continue;
    const across = Math.abs(cavity - rib.depth - rib.tilt * along) - rib.thickness;
    bone = Math.min(bone, smoothMax(Math.abs(along) - rib.halfLength, across, 0.03));
  }
  const canal = ellipse(x, y, spine.x + 0.19, spine.y, 0.075, 0.08);
  bone = Math.min(bone, Math.abs(canal - 0.02) - 0.02);
  const marrow = HU.marrow + 90 * a.tissue(22 * x, 22 * y);
  const withMarrow = mix(hu, mix(HU.cortex, marrow, cover(bone + 0.018, pixel)), cover(bone, pixel));
  return mix(withMarrow, 35, cover(canal, pixel));
}

/** Share of a pixel inside a shape at signed distance `d`. */
export function cover(d: number, pixel: number): number {
  return clamp(0.5 - d / pixel);
}
