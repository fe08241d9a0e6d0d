/**
 * Infection: patches of ground-glass with soft, irregular borders, some with a consolidated core, mostly along the
 * pleura and towards the back. Every lesion is a soft opacity; the mask is where it passes one half, so it is exact and
 * its border runs through the middle of what can be seen.
 */
import { type Anatomy, cavityDistance } from './anatomy.js';
import type { Random } from './random.js';
import { fractalNoise, smoothStep } from './shapes.js';

export interface LesionLayers {
  /** Opacity of ground-glass, 0..1, row-major. */
  readonly glass: Float32Array;
  /** Opacity of consolidation, 0..1. */
  readonly consolidation: Float32Array;
  /** Density of full ground-glass and of consolidation, in Hounsfield units. */
  readonly glassHu: number;
  readonly consolidationHu: number;
}

/**
 * Adds lesions until `burden` (the infected share of the lungs, 0..1) is reached, or nearly: none is added beyond.
 *
 * @param lung coverage of the lungs, 0..1, row-major
 */
export function drawLesions(
  random: Random,
  anatomy: Anatomy,
  lung: Float32Array,
  width: number,
  height: number,
  burden: number,
): LesionLayers {
  const glass = new Float32Array(width * height);
  const consolidation = new Float32Array(width * height);
  const glassHu = random.uniform(-620, -380);
  const consolidationHu = random.uniform(-90, 25);
  const unit = Math.min(width, height) / 2;
  const wanted = burden * lung.reduce((sum, share) => sum + (share > 0.5 ? 1 : 0), 0);
  let infected = 0;
  for (let attempt = 0; attempt < 400 && infected < wanted; attempt++) {
    const at = random.int(width * height);
    const [cx, cy] = [(at % width) + 0.5, Math.floor(at / width) + 0.5];
    const [nx, ny] = [(cx / width) * 2 - 1, (cy / height) * 2 - 1];
    const toPleura = -cavityDistance(anatomy, nx, ny);
    const likely = (toPleura < 0.16 ? 1 : 0.18) * (nx > 0 ? 1 : 0.45);
    if ((lung[at] as number) < 0.9 || !random.chance(likely)) continue;
    // Along the pleura the long axis follows the wall, i.e. lies across the direction from the centre.
    const radial = Math.sqrt(nx * nx + ny * ny) + 1e-6;
    const along: [number, number] = toPleura < 0.16 ? [-ny / radial, nx / radial] : random.direction();
    const room = Math.sqrt((wanted - infected) / 3);
    const long = Math.min(random.uniform(0.05, 0.1 + 0.5 * burden + 0.15) * unit, 1.8 * room + 2);
    const short = long * random.uniform(0.35, 0.85);
    const core = random.chance(0.4) ? random.uniform(0.1, 0.45) : Number.POSITIVE_INFINITY;
    const noise = fractalNoise(random.next());
    const ragged = random.uniform(0.5, 1.1);
    const soft = random.uniform(0.15, 0.5);
    const reach = Math.ceil(long * 1.9);
    for (let y = Math.max(0, Math.floor(cy - reach)); y < Math.min(height, cy + reach); y++) {
      for (let x = Math.max(0, Math.floor(cx - reach)); x < Math.min(width, cx + reach); x++) {
        const i = y * width + x;
        if ((lung[i] as number) === 0) continue;
        const dx = x + 0.5 - cx;
        const dy = y + 0.5 - cy;
        // In the lesion's own axes, also for the noise: its lattice would otherwise cut borders level and upright.
        const p = dx * along[0] + dy * along[1];
        const q = dy * along[0] - dx * along[1];
        const [u, v] = [p / long, q / short];
        const grain = noise(u * 2.6, (q / long) * 2.6) + 0.35 * noise((p / unit) * 26 + 60, (q / unit) * 26);
        const inside = 1 - Math.sqrt(u * u + v * v) + ragged * 0.5 * grain;
        const opacity = smoothStep(-soft, soft, inside);
        const before = glass[i] as number;
        if (opacity > before) {
          if (before < 0.5 && opacity >= 0.5 && (lung[i] as number) > 0.5) infected++;
          glass[i] = opacity;
        }
        const dense = smoothStep(-0.12, 0.12, inside - core + 0.25 * grain);
        if (dense > (consolidation[i] as number)) consolidation[i] = Math.min(dense, opacity);
      }
    }
  }
  return { glass, consolidation, glassHu, consolidationHu };
}
