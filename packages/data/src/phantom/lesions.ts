/**
 * Infection: patches of ground-glass with soft, irregular borders, some with consolidated parts, mostly along the
 * pleura and towards the back, where they follow the wall as crescents. Every lesion is a soft opacity; the mask is
 * where it passes one half, so it is exact and its border runs through the middle of what can be seen.
 */
import type { Random } from './random.js';
import { fractalNoise, mix, smoothStep } from './shapes.js';

export interface LesionLayers {
  /** Opacity of ground-glass, 0..1, row-major. */
  readonly glass: Float32Array;
  /** Opacity of consolidation, 0..1, never above that of ground-glass. */
  readonly consolidation: Float32Array;
}

/** What lesions are placed in, row-major maps of `width` x `height` pixels. */
export interface LesionSite {
  readonly width: number;
  readonly height: number;
  /** Coverage of the lungs, 0..1. */
  readonly lung: Float32Array;
  /** Signed distance to the chest cavity, negative inside, in halves of the picture's side. */
  readonly cavity: Float32Array;
  /** Position from front to back at a pixel, -1..1. */
  readonly back: (x: number, y: number) => number;
}

/** Nearer to the wall than this a lesion follows it. */
const PLEURAL = 0.22;
/** Beyond this many radii no border gets, however ragged and soft. */
const FARTHEST = 2.2;

/**
 * Adds lesions until `burden` (the infected share of the lungs, 0..1) is reached; the last one may go a little beyond.
 */
export function drawLesions(random: Random, site: LesionSite, burden: number): LesionLayers {
  const { width, height, lung, cavity } = site;
  const glass = new Float32Array(width * height);
  const consolidation = new Float32Array(width * height);
  const unit = Math.min(width, height) / 2;
  const dense = random.chance(0.22) ? 0 : random.uniform(0.25, 0.95);
  // Some patients' infection lies deep in the lung too, in others it keeps to the wall.
  const central = random.uniform(0.08, 0.5);
  const size = random.uniform(0.7, 1.3);
  const wanted = burden * lung.reduce((sum, share) => sum + (share > 0.5 ? 1 : 0), 0);
  let infected = 0;
  for (let attempt = 0; attempt < 900 && infected < wanted; attempt++) {
    const at = random.int(width * height);
    const [cx, cy] = [(at % width) + 0.5, Math.floor(at / width) + 0.5];
    const deep = -(cavity[at] as number);
    const pleural = deep < PLEURAL;
    const likely = (pleural ? 1 : central) * mix(0.15, 1, smoothStep(-0.6, 0.7, site.back(cx, cy)));
    if ((lung[at] as number) < 0.9 || !random.chance(likely)) continue;
    const along = pleural ? alongWall(site, at) : random.direction();
    const room = Math.sqrt((wanted - infected) / 2);
    const small = random.chance(0.4);
    const draw = small ? random.uniform(0.04, 0.13) : random.uniform(0.12, 0.3 + 0.35 * burden);
    const long = Math.min(draw * size * unit, 1.5 * room + 2);
    const short = long * random.uniform(0.35, 0.8);
    const core = random.chance(dense) ? random.uniform(-0.05, 0.45) : Number.POSITIVE_INFINITY;
    const noise = fractalNoise(random.next());
    const ragged = random.uniform(0.45, 0.95);
    const soft = random.uniform(0.12, 0.45);
    const hard = random.uniform(0.08, 0.3);
    const reach = Math.ceil(long * FARTHEST);
    const [top, bottom] = [Math.max(0, Math.floor(cy - reach)), Math.min(height, cy + reach)];
    const [left, right] = [Math.max(0, Math.floor(cx - reach)), Math.min(width, cx + reach)];
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const i = y * width + x;
        if ((lung[i] as number) === 0) continue;
        const before = glass[i] as number;
        if (before === 1 && (core === Number.POSITIVE_INFINITY || consolidation[i] === 1)) continue;
        const dx = x + 0.5 - cx;
        const dy = y + 0.5 - cy;
        // In the lesion's own axes, also for the noise: its lattice would otherwise cut borders level and upright.
        const p = dx * along[0] + dy * along[1];
        const q = dy * along[0] - dx * along[1];
        const u = p / long;
        const v = pleural ? Math.max(0, unit * (-(cavity[i] as number) - 0.5 * deep)) / (1.3 * short) : q / short;
        // Along the wall, but no farther from the middle than the lesion is long.
        const square = Math.max(u * u + v * v, u * u + (q / long) * (q / long));
        if (square > FARTHEST * FARTHEST) continue;
        // Not even the strongest grain would bring it back.
        const bare = 1 - Math.sqrt(square);
        if (bare + 0.77 * ragged < -soft) continue;
        const grain = noise(u * 2.6, (q / long) * 2.6) + 0.4 * noise((p / unit) * 22 + 60, (q / unit) * 22);
        const inside = bare + ragged * 0.55 * grain;
        const opacity = smoothStep(-soft, soft, inside);
        if (opacity > before) {
          if (before < 0.5 && opacity >= 0.5 && (lung[i] as number) > 0.5) infected++;
          glass[i] = opacity;
        }
        const solid = smoothStep(-hard, hard, inside - core + 0.3 * grain);
        if (solid > (consolidation[i] as number)) consolidation[i] = Math.min(solid, opacity);
      }
    }
  }
  return { glass, consolidation };
}

/** The direction of the wall at a pixel: across the slope of the distance to it. */
function alongWall({ width, height, cavity }: LesionSite, at: number): [number, number] {
  const step = 3;
  const [x, y] = [at % width, Math.floor(at / width)];
  const value = (px: number, py: number): number =>
    cavity[Math.min(height - 1, Math.max(0, py)) * width + Math.min(width - 1, Math.max(0, px))] as number;
  const gx = value(x + step, y) - value(x - step, y);
  const gy = value(x, y + step) - value(x, y - step);
  const length = Math.sqrt(gx * gx + gy * gy) + 1e-9;
  return [-gy / length, gx / length];
}
