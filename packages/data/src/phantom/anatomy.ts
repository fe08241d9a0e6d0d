/**
 * The chest of one phantom: a few drawn numbers, and from them the shape of lungs, mediastinum and wall at any point.
 *
 * Coordinates: x from -1 (anterior) to +1 (posterior), y from -1 to +1 across the patient, the picture's borders at
 * +-1; so the lungs lie sideways, above each other, as in the published slices. The functions below take these and turn
 * them by the patient's small rotation. Densities are Hounsfield units.
 *
 * The cavity is a rounded frame, cut to the lungs as tightly as the published slices are, with a wedge taken out at the
 * back: there the wall rises around the spine and each lung ends in a round recess of its own.
 */
import { type Bones, cover, drawBones, withBones } from './bones.js';
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

const HU = { air: -1000, fat: -95, muscle: 50 } as const;

interface Blob {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
}

export interface Anatomy {
  /** Tangent of the angle that the patient is turned by. */
  readonly turn: number;
  readonly cavity: { readonly x: number; readonly rx: number; readonly ry: number; readonly square: number };
  /** The wedge at the back: where it begins, and how steep its sides are. */
  readonly back: { readonly x: number; readonly y: number; readonly slope: number };
  readonly heart: Blob;
  readonly heartTilt: number;
  readonly septum: { readonly y: number; readonly width: number };
  readonly aorta: Blob;
  readonly hila: readonly [Blob, Blob];
  /** The dome of the diaphragm with the liver, and the width over which it fades into the lung. */
  readonly liver: (Blob & { readonly fade: number }) | undefined;
  /** Trachea or main bronchi, filled with air. */
  readonly airways: readonly Blob[];
  readonly bones: Bones;
  readonly wall: number;
  readonly lungHu: number;
  readonly bloodHu: number;
  readonly wobble: Noise;
  readonly tissue: Noise;
}

/** @param level 0 at the trachea, 1 at the base of the lungs */
export function drawAnatomy(random: Random, level: number): Anatomy {
  const r = (low: number, high: number): number => random.uniform(low, high);
  const hilar = Math.max(0, 1 - Math.abs(level - 0.5) * 2);
  const bones = drawBones(random);
  const heart = {
    x: mix(-0.12, -0.3, level) + r(-0.08, 0.08),
    y: mix(0.0, 0.16, level) + r(-0.04, 0.04),
    rx: mix(0.52, 0.6, level) + r(-0.06, 0.06),
    ry: mix(0.17, 0.42, level * level) + r(-0.02, 0.07),
  };
  const hilum = (side: number): Blob => ({
    x: r(0.05, 0.25),
    y: heart.y + side * (heart.ry * 0.95 + r(0, 0.03)),
    rx: 0.07 + 0.12 * hilar + r(0, 0.03),
    ry: 0.03 + 0.06 * hilar + r(0, 0.02),
  });
  const airwayX = r(0.16, 0.36);
  const airways: Blob[] =
    level < 0.35
      ? [{ x: airwayX, y: r(-0.05, 0.03), rx: r(0.08, 0.12), ry: r(0.065, 0.09) }]
      : level < 0.75
        ? [
            { x: airwayX, y: r(-0.15, -0.09), rx: r(0.05, 0.09), ry: r(0.035, 0.06) },
            { x: airwayX + r(-0.05, 0.08), y: r(0.09, 0.16), rx: r(0.05, 0.1), ry: r(0.035, 0.055) },
          ]
        : [];
  return {
    turn: r(-0.09, 0.09),
    cavity: { x: r(-0.02, 0.03), rx: r(0.94, 1), ry: r(0.93, 0.99), square: r(0.08, 0.48) },
    back: { x: r(0.4, 0.58), y: bones.y, slope: r(0.75, 1.2) },
    heart,
    heartTilt: r(-0.12, 0.4) * level,
    bones,
    septum: { y: r(-0.04, 0.04), width: r(0.012, 0.05) },
    aorta: { x: r(0.5, 0.58), y: r(0.13, 0.19), rx: r(0.09, 0.13), ry: r(0.075, 0.1) },
    hila: [hilum(-1), hilum(1)],
    liver:
      level > 0.7 && random.chance(0.55)
        ? { x: r(-0.35, -0.02), y: r(-0.6, -0.45), rx: r(0.18, 0.4), ry: r(0.16, 0.3), fade: r(0.02, 0.13) }
        : undefined,
    airways,
    wall: r(0.14, 0.6),
    lungHu: r(-890, -800),
    bloodHu: random.chance(0.25) ? r(90, 200) : r(40, 65),
    wobble: fractalNoise(random.next()),
    tissue: fractalNoise(random.next()),
  };
}

/** From the chest's own axes to the picture's. */
export function toFrame({ turn }: Anatomy, x: number, y: number): [number, number] {
  const square = 1 + turn * turn;
  return [(x + turn * y) / square, (y - turn * x) / square];
}

/** Signed distance to the chest cavity (lungs and mediastinum together). */
export function cavityDistance(a: Anatomy, fx: number, fy: number): number {
  const x = fx - a.turn * fy;
  const y = fy + a.turn * fx;
  const wobble = 0.035 * a.wobble(2 * x + 40, 2 * y) + 0.008 * a.wobble(9 * x + 40, 9 * y);
  return smoothMax(outline(a, x, y), -wedge(a, x, y), 0.22) + wobble;
}

function outline({ cavity }: Anatomy, x: number, y: number): number {
  return squircle(x - cavity.x, y, cavity.rx, cavity.ry, cavity.square);
}

function wedge({ back }: Anatomy, x: number, y: number): number {
  const { slope } = back;
  return (slope * Math.abs(y - back.y) - (x - back.x)) / Math.sqrt(1 + slope * slope);
}

/** Signed distance to everything in the cavity that is not lung. */
export function mediastinumDistance(a: Anatomy, fx: number, fy: number): number {
  const x = fx - a.turn * fy;
  const y = fy + a.turn * fx;
  const { heart, bones, aorta } = a;
  const tilted = y - a.heartTilt * (x - heart.x);
  const narrowing = a.septum.width + 0.07 * clamp(x + 0.4);
  let d = ellipse(x, tilted, heart.x, heart.y, heart.rx, heart.ry);
  d = smoothMin(d, segment(x, y, -1.1, a.septum.y, 1.1, 0) - narrowing, 0.16);
  d = smoothMin(d, ellipse(x, y, bones.x, bones.y, bones.rx + 0.06, bones.ry + 0.03), 0.12);
  d = smoothMin(d, ellipse(x, y, aorta.x, aorta.y, aorta.rx, aorta.ry), 0.04);
  for (const hilum of a.hila) d = smoothMin(d, ellipse(x, y, hilum.x, hilum.y, hilum.rx, hilum.ry), 0.06);
  for (const way of a.airways) d = smoothMin(d, ellipse(x, y, way.x, way.y, way.rx + 0.04, way.ry + 0.03), 0.05);
  d += 0.05 * a.wobble(2.2 * x, 2.2 * y) + 0.014 * a.wobble(9 * x, 9 * y + 9);
  return Math.min(d, liverDistance(a, x, y));
}

function liverDistance({ liver, wobble }: Anatomy, x: number, y: number): number {
  if (liver === undefined) return 9;
  return ellipse(x, y, liver.x, liver.y, liver.rx, liver.ry) + 0.07 * wobble(3 * x - 20, 3 * y);
}

/** Signed distance to the lungs, from {@link cavityDistance} and {@link mediastinumDistance} of a point. */
export function lungDistance(cavity: number, mediastinum: number): number {
  return smoothMax(cavity, -mediastinum, 0.07);
}

/**
 * Density of healthy lung tissue without vessels: a little denser where the patient lies on it, and above the liver.
 */
export function lungHu(a: Anatomy, fx: number, fy: number): number {
  const x = fx - a.turn * fy;
  const y = fy + a.turn * fx;
  const air =
    a.lungHu + 40 * (x + 0.3) * (x > -0.3 ? 1 : 0.3) + 22 * a.tissue(5 * x, 5 * y) + 34 * a.wobble(26 * x, 26 * y);
  return a.liver === undefined ? air : mix(air, 45, smoothStep(a.liver.fade, -0.02, liverDistance(a, x, y)));
}

/** Density of what is neither lung, bone nor airway: mediastinum and chest wall, and air around the patient. */
export function softTissueHu(a: Anatomy, fx: number, fy: number, cavity: number, pixel: number): number {
  const x = fx - a.turn * fy;
  const y = fy + a.turn * fx;
  return cavity < 0 ? mediastinumHu(a, x, y, pixel) : wallHu(a, x, y, cavity, pixel);
}

/** Density outside the lungs: `soft` with bones and airways in it. `pixel`: size of a pixel, for soft borders. */
export function tissueHu(a: Anatomy, soft: number, fx: number, fy: number, cavity: number, pixel: number): number {
  const x = fx - a.turn * fy;
  const y = fy + a.turn * fx;
  let hu = withBones(a.bones, soft, x, y, cavity, pixel, a.tissue);
  if (cavity > 0) return hu;
  for (const airway of a.airways) {
    const d = ellipse(x, y, airway.x, airway.y, airway.rx, airway.ry);
    if (d < 0.03) hu = mix(hu, HU.air + 15, cover(d + 0.012 * a.wobble(7 * x, 7 * y + 60), pixel));
  }
  return hu;
}

function mediastinumHu(a: Anatomy, x: number, y: number, pixel: number): number {
  const { heart, aorta } = a;
  const tilted = y - a.heartTilt * (x - heart.x);
  const chambers = a.tissue(2.4 * x + 30, 2.4 * y) + 0.25;
  const inHeart = cover(ellipse(x, tilted, heart.x, heart.y, heart.rx * 0.9, heart.ry * 0.88), pixel * 3);
  const inAorta = cover(ellipse(x, y, aorta.x, aorta.y, aorta.rx * 0.88, aorta.ry * 0.88), pixel * 2);
  const fat = smoothStep(-0.55, 0.2, a.tissue(3.5 * x + 5, 3.5 * y));
  const blood = mix(42, a.bloodHu, smoothStep(-0.1, 0.15, chambers));
  return mix(mix(-60, 48, fat), inAorta > inHeart ? a.bloodHu : blood, Math.max(inHeart, inAorta));
}

/** From inside: a thin muscle layer, muscle and fat in streaks, fat, skin, air. Around the spine muscle. */
function wallHu(a: Anatomy, x: number, y: number, cavity: number, pixel: number): number {
  const muscle = 0.35 + 0.5 * smoothStep(0.3, 0.8, x) - (0.7 * cavity) / a.wall;
  const streak = smoothStep(-0.22, 0.22, a.tissue(5 * x, 5 * y) + muscle);
  const inside = mix(HU.fat, HU.muscle, Math.max(streak, cover(cavity - 0.018, pixel)));
  const toSkin = outline(a, x, y) - a.wall;
  const skin = cover(Math.abs(toSkin) - 0.01, pixel);
  return mix(HU.air, mix(inside, 30, skin), cover(toSkin, pixel));
}
