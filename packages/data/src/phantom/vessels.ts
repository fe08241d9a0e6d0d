/**
 * Vessels, bronchi and fissures inside the lungs. A slice cuts a tree that mostly runs through it, so what shows is
 * broken: branches that fade in and out, and dots. Branches are walked from the hilum with a depth that wanders; only
 * what lies near the slice is drawn.
 */
import { type Anatomy, toFrame } from './anatomy.js';
import type { Random } from './random.js';
import { clamp, segment } from './shapes.js';

/** Layers of a picture of `width` x `height` pixels, row-major, each a coverage in 0..1. */
export interface VesselLayers {
  readonly vessel: Float32Array;
  /** Walls of bronchi, and the air in them. */
  readonly bronchusWall: Float32Array;
  readonly bronchusAir: Float32Array;
  /** The fissures between lobes, faint. */
  readonly fissure: Float32Array;
}

interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Pixels per unit of length. */
  readonly unit: number;
}

export function drawVessels(random: Random, anatomy: Anatomy, width: number, height: number): VesselLayers {
  const canvas: Canvas = { width, height, unit: Math.min(width, height) / 2 };
  const layer = (): Float32Array => new Float32Array(width * height);
  const layers = { vessel: layer(), bronchusWall: layer(), bronchusAir: layer(), fissure: layer() };
  for (const hilum of anatomy.hila) {
    const [fx, fy] = toFrame(anatomy, hilum.x, hilum.y);
    const [hx, hy] = [((fx + 1) / 2) * width, ((fy + 1) / 2) * height];
    const side = hilum.y < anatomy.heart.y ? -1 : 1;
    const trunks = 2 + random.int(4);
    for (let k = 0; k < trunks; k++) {
      const [dx, dy] = random.direction();
      const outward: [number, number] = [dx, Math.abs(dy) * side];
      const radius = random.uniform(0.02, 0.052) * canvas.unit;
      walk(random, canvas, layers.vessel, hx, hy, outward, radius, random.uniform(-0.5, 0.5), 0);
    }
    for (let k = 0; k < 2 + random.int(3); k++) drawBronchus(random, canvas, layers, hx, hy, side);
    drawDots(random, canvas, layers.vessel, hx, hy, side);
    drawFissure(random, canvas, layers.fissure, side);
  }
  return layers;
}

/** One branch and its children. `depth` is the distance to the slice in widths of the visible slab. */
function walk(
  random: Random,
  canvas: Canvas,
  layer: Float32Array,
  startX: number,
  startY: number,
  direction: readonly [number, number],
  startRadius: number,
  startDepth: number,
  generation: number,
): void {
  let [x, y] = [startX, startY];
  let [dx, dy] = direction;
  let radius = startRadius;
  let depth = startDepth;
  const drift = random.uniform(-0.34, 0.34);
  const step = 0.045 * canvas.unit;
  const steps = 6 + random.int(12 - 3 * generation);
  for (let k = 0; k < steps; k++) {
    [dx, dy] = turned(dx, dy, random.uniform(-0.22, 0.22));
    const [nx, ny] = [x + dx * step, y + dy * step];
    depth += drift + random.uniform(-0.15, 0.15);
    const next = radius * 0.9;
    if (Math.abs(depth) < 0.5) stroke(canvas, layer, x, y, nx, ny, radius, next);
    if (generation < 3 && random.chance(0.2)) {
      const turn = random.uniform(0.4, 0.9) * (random.chance(0.5) ? 1 : -1);
      walk(
        random,
        canvas,
        layer,
        nx,
        ny,
        turned(dx, dy, turn),
        next * 0.72,
        depth + random.uniform(-0.7, 0.7),
        generation + 1,
      );
    }
    [x, y, radius] = [nx, ny, next];
    if (x < 0 || y < 0 || x >= canvas.width || y >= canvas.height) return;
  }
}

/** A unit vector turned by about `angle` radians: a step sideways, normalised. */
function turned(dx: number, dy: number, angle: number): [number, number] {
  const x = dx - angle * dy;
  const y = dy + angle * dx;
  const length = Math.sqrt(x * x + y * y);
  return [x / length, y / length];
}

/** Vessels that cross the slice: dots and commas, smaller and fewer towards the pleura. */
function drawDots(random: Random, canvas: Canvas, layer: Float32Array, hx: number, hy: number, side: number): void {
  const count = 70 + random.int(130);
  for (let k = 0; k < count; k++) {
    const [dx, dy] = random.direction();
    const reach = random.uniform(0.1, 1.25) * canvas.unit;
    const x = hx + dx * reach;
    const y = hy + Math.abs(dy) * side * reach;
    // Many thin ones, few thick ones.
    const wide = random.uniform();
    const near = Math.max(0.35, 1.25 - reach / canvas.unit);
    const radius = Math.max(0.45, (0.006 + 0.022 * wide * wide * wide * near) * canvas.unit);
    const length = random.chance(0.45) ? random.uniform(0.02, 0.1) * canvas.unit : 0;
    const [ox, oy] = turned(dx, Math.abs(dy) * side, random.uniform(-0.9, 0.9));
    // Thinner than the slice is thick: it shows fainter than it is.
    const strength = random.uniform(0.35, 1);
    stroke(canvas, layer, x, y, x + ox * length, y + oy * length, radius, radius * 0.6, strength);
  }
}

function drawBronchus(
  random: Random,
  canvas: Canvas,
  layers: VesselLayers,
  hx: number,
  hy: number,
  side: number,
): void {
  const [dx, dy] = random.direction();
  const reach = random.uniform(0.08, 0.45) * canvas.unit;
  const x = hx + dx * reach;
  const y = hy + Math.abs(dy) * side * reach;
  const radius = random.uniform(0.01, 0.02) * canvas.unit;
  const length = random.chance(0.25) ? random.uniform(0.02, 0.07) * canvas.unit : 0;
  const [ex, ey] = [x + dx * length, y + Math.abs(dy) * side * length];
  stroke(canvas, layers.bronchusWall, x, y, ex, ey, radius + 0.011 * canvas.unit, radius);
  stroke(canvas, layers.bronchusAir, x, y, ex, ey, radius, radius * 0.7);
}

function drawFissure(random: Random, canvas: Canvas, layer: Float32Array, side: number): void {
  if (random.chance(0.3)) return;
  const middle = canvas.height / 2;
  let x = random.uniform(0.3, 0.7) * canvas.width;
  let y = middle + side * 0.1 * canvas.height;
  const lean = random.uniform(-0.5, 0.5);
  const step = 0.06 * canvas.unit;
  while (y > 0 && y < canvas.height && x > 0 && x < canvas.width) {
    const nx = x + (lean + random.uniform(-0.15, 0.15)) * step;
    const ny = y + side * step;
    stroke(canvas, layer, x, y, nx, ny, 0.35, 0.35);
    [x, y] = [nx, ny];
  }
}

/** Draws a line with round ends from radius `ra` to `rb` (pixels); keeps the larger coverage, `most` at most. */
function stroke(
  { width, height }: Canvas,
  layer: Float32Array,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  ra: number,
  rb: number,
  most = 1,
): void {
  const reach = Math.max(ra, rb) + 1;
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
  const right = Math.min(width - 1, Math.ceil(Math.max(ax, bx) + reach));
  const top = Math.max(0, Math.floor(Math.min(ay, by) - reach));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(ay, by) + reach));
  const radius = (ra + rb) / 2;
  const strength = most * Math.min(1, 2 * radius);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const covered = strength * clamp(radius + 0.5 - segment(x + 0.5, y + 0.5, ax, ay, bx, by));
      const at = y * width + x;
      if (covered > (layer[at] as number)) layer[at] = covered;
    }
  }
}
