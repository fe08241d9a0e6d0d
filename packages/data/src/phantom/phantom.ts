/**
 * Synthetic CT slices of lungs with exact masks: for tests, examples and trying things out without a patient's picture.
 *
 * A phantom is made the way a slice is: densities in Hounsfield units from an anatomy (`anatomy.ts`), vessels
 * (`vessels.ts`) and lesions (`lesions.ts`); then the scanner (a small blur and noise), then a display window to 8 bit.
 * It looks like the published slices at a glance: 8-bit grey, cropped to the lungs, lungs lying sideways. It is no
 * simulation of a disease, and figures obtained on phantoms say nothing about patients.
 *
 * The same seed gives the same bytes on every platform: only + - * / and square roots are used.
 */
import { dataError } from '../errors.js';
import type { GreyImage } from '../image.js';
import {
  cavityDistance,
  drawAnatomy,
  lungDistance,
  lungHu,
  mediastinumDistance,
  softTissueHu,
  tissueHu,
} from './anatomy.js';
import { cover } from './bones.js';
import { HalfGrid } from './field.js';
import { drawInfectedHu } from './infected.js';
import { drawLesions } from './lesions.js';
import { Random } from './random.js';
import { scan } from './scan.js';
import { clamp, mix } from './shapes.js';
import { drawVessels } from './vessels.js';

export interface PhantomOptions {
  /** Pixels; default drawn from 190..420 (width) and 240..480 (height). At least 64 per side. */
  readonly width?: number;
  readonly height?: number;
  /** Infected share of the lungs aimed at, 0..0.9; 0 for a healthy slice. Default drawn, every sixth slice healthy. */
  readonly burden?: number;
  /** 0 at the trachea, 1 at the base of the lungs. Default drawn. */
  readonly level?: number;
  /** Densities that become black and white, in Hounsfield units. Default drawn: a lung window or a wide one. */
  readonly window?: readonly [number, number];
  /** Standard deviation of the noise in Hounsfield units. Default drawn. */
  readonly noise?: number;
  /** Whether the spine is on the left instead of the right. Default drawn. */
  readonly flip?: boolean;
}

/** A slice and its exact masks, all `width` x `height`, row-major. */
export interface Phantom {
  readonly image: GreyImage;
  /** 255 where infected (ground-glass or consolidation), else 0: the published masks' format. */
  readonly infection: GreyImage;
  /** 0 background, 1 ground-glass, 2 consolidation. */
  readonly classes: GreyImage;
  /** 255 in the lungs, infected parts and vessels included, else 0. */
  readonly lung: GreyImage;
}

/**
 * One synthetic slice. `seed`: any whole number in 0 .. 2^32 - 1. An option that is given replaces what the seed would
 * have drawn and leaves the other draws as they are.
 *
 * @throws `DATA_ARGUMENT` for options out of range
 */
export function phantomSlice(seed: number, options: PhantomOptions = {}): Phantom {
  const random = new Random(seed);
  const drawn = drawOptions(random);
  const { width, height, burden, level, window, noise, flip } = { ...drawn, ...defined(options) };
  check(seed, width, height, burden, level, window, noise);

  const anatomy = drawAnatomy(new Random(random.next()), level);
  const vessels = drawVessels(new Random(random.next()), anatomy, width, height);
  const lesionRandom = new Random(random.next());
  const scanner = new Random(random.next());

  const unit = Math.min(width, height) / 2;
  const pixel = 1 / unit;
  const count = width * height;
  const grid = new HalfGrid(width, height);
  const toCavity = grid.sample((x, y) => cavityDistance(anatomy, x, y));
  // Out in the wall it does not matter how far the mediastinum is.
  const toMediastinum = grid.sample((x, y, k) =>
    (toCavity[k] as number) < 0.2 ? mediastinumDistance(anatomy, x, y) : 1,
  );
  const toLung = grid.sample((_x, _y, k) => lungDistance(toCavity[k] as number, toMediastinum[k] as number));
  // Beyond these distances a density is not asked for.
  const air = grid.sample((x, y, k) => ((toLung[k] as number) < 0.1 ? lungHu(anatomy, x, y) : 0));
  const soft = grid.spread(
    grid.sample((x, y, k) =>
      (toLung[k] as number) > -0.1 ? softTissueHu(anatomy, x, y, toCavity[k] as number, pixel) : 0,
    ),
  );
  const cavity = grid.spread(toCavity);
  const mediastinum = grid.spread(toMediastinum);
  const hu = grid.spread(air);
  const lungShare = new Float32Array(count);
  const lung = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const distance = lungDistance(cavity[i] as number, mediastinum[i] as number);
    lungShare[i] = cover(distance, pixel);
    if (distance < 0) lung[i] = 255;
  }
  const site = { width, height, lung: lungShare, cavity, back: (x: number) => (x / width) * 2 - 1 };
  const lesions = drawLesions(lesionRandom, site, burden);
  const infectedHu = drawInfectedHu(lesionRandom);
  const classes = new Uint8Array(count);
  for (let y = 0, i = 0; y < height; y++) {
    const ny = ((y + 0.5) / height) * 2 - 1;
    for (let x = 0; x < width; x++, i++) {
      const nx = ((x + 0.5) / width) * 2 - 1;
      const share = lungShare[i] as number;
      const glass = lesions.glass[i] as number;
      const dense = lesions.consolidation[i] as number;
      if (lung[i] === 255) classes[i] = dense >= 0.5 ? 2 : glass >= 0.5 ? 1 : 0;
      let value = 0;
      if (share > 0) {
        const healthy = hu[i] as number;
        value = healthy;
        if (glass > 0) value = infectedHu(healthy, glass, dense, (x - width / 2) / unit, (y - height / 2) / unit);
        value = Math.max(value, mix(value, -640, 0.5 * (vessels.fissure[i] as number)));
        value = Math.max(value, mix(value, 40, vessels.vessel[i] as number));
        value = Math.max(value, mix(value, -100, vessels.bronchusWall[i] as number));
        value = mix(value, -960, vessels.bronchusAir[i] as number);
      }
      hu[i] =
        share === 1
          ? value
          : mix(tissueHu(anatomy, soft[i] as number, nx, ny, cavity[i] as number, pixel), value, share);
    }
  }
  const scanned = scan(scanner, hu, width, height, noise);
  const [black, white] = window;
  const image = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    image[i] = Math.round(255 * clamp(((scanned[i] as number) - black) / (white - black)));
  }
  const infection = classes.map((c) => (c > 0 ? 255 : 0));
  const picture = (data: Uint8Array): GreyImage => ({
    width,
    height,
    channels: 1,
    data: flip ? mirrored(data, width) : data,
  });
  return { image: picture(image), infection: picture(infection), classes: picture(classes), lung: picture(lung) };
}

type Drawn = Required<PhantomOptions>;

/** Everything drawn in a fixed order, so that options do not shift later draws. */
function drawOptions(random: Random): Drawn {
  const width = 190 + random.int(231);
  const height = Math.round(width * random.uniform(1, 1.38));
  const healthy = random.chance(1 / 6);
  const share = random.uniform();
  const level = random.uniform(0.08, 1);
  const lungWindow = random.chance(0.75);
  const black = random.uniform(-1160, -1040);
  const white = lungWindow ? random.uniform(200, 380) : random.uniform(800, 1700);
  const noisy = random.uniform();
  return {
    width,
    height: Math.min(480, Math.max(240, height)),
    burden: healthy ? 0 : 0.02 + 0.7 * share * share,
    level,
    window: [lungWindow ? black : black + 60, white],
    noise: 14 + 90 * noisy * noisy * noisy * noisy,
    flip: random.chance(0.3),
  };
}

function defined(options: PhantomOptions): Partial<Drawn> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Drawn>;
}

function check(
  seed: number,
  width: number,
  height: number,
  burden: number,
  level: number,
  window: readonly [number, number],
  noise: number,
): void {
  const whole = (value: number, low: number, high: number): boolean =>
    Number.isInteger(value) && value >= low && value <= high;
  const problem = !whole(seed, 0, 2 ** 32 - 1)
    ? `seed ${seed} (a whole number, 0 .. 2^32 - 1)`
    : !whole(width, 64, 2048) || !whole(height, 64, 2048)
      ? `size ${width}x${height} (64..2048 per side)`
      : !(burden >= 0 && burden <= 0.9)
        ? `burden ${burden} (0..0.9)`
        : !(level >= 0 && level <= 1)
          ? `level ${level} (0..1)`
          : !(window[1] > window[0])
            ? `window [${window[0]}, ${window[1]}] (black below white)`
            : !(noise >= 0)
              ? `noise ${noise} (0 or more)`
              : undefined;
  if (problem === undefined) return;
  throw dataError({ code: 'DATA_ARGUMENT', message: `A phantom cannot be made with ${problem}.` });
}

function mirrored(data: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let start = 0; start < data.length; start += width) {
    for (let x = 0; x < width; x++) out[start + x] = data[start + width - 1 - x] as number;
  }
  return out;
}
