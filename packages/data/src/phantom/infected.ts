/**
 * Densities of infected lung: mottled, in some phantoms with a fine net of denser lines (the "crazy paving" of
 * radiologists).
 */
import type { Random } from './random.js';
import { fractalNoise, mix } from './shapes.js';

/** Density of a point with so much ground-glass and consolidation; x, y in halves of the picture's smaller side. */
export type InfectedHu = (healthy: number, glass: number, dense: number, x: number, y: number) => number;

export function drawInfectedHu(random: Random): InfectedHu {
  const glassHu = random.uniform(-680, -360);
  const denseHu = random.uniform(-160, 20);
  const mottled = random.uniform(60, 170);
  const net = random.chance(0.45) ? random.uniform(80, 260) : 0;
  const texture = fractalNoise(random.next());
  return (healthy, glass, dense, x, y) => {
    // Turned, so that the lattice of the noise does not show as rows and columns.
    const p = 0.8 * x + 0.6 * y;
    const q = 0.8 * y - 0.6 * x;
    const patches = texture(7 * p, 7 * q) + 0.8 * texture(24 * p + 50, 24 * q);
    const lines = net === 0 ? 0 : Math.max(0, 1 - 5 * Math.abs(texture(16 * p - 70, 16 * q)));
    const hazy = Math.max(healthy, mix(healthy, glassHu + mottled * patches + net * lines, 0.95 * glass));
    return mix(hazy, denseHu + 90 * patches, dense);
  };
}
