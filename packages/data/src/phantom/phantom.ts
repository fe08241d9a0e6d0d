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
import { cover, drawAnatomy, lungDistance, lungHu, tissueHu } from './anatomy.js';
import { drawLesions } from './lesions.js';
import { Random } from './random.js';
import { clamp, fractalNoise, mix } from './shapes.js';
import { drawVessels } from './vessels.js';

export interface PhantomOptions {
  /** Pixels; default drawn from 180..400 (width) and 240..480 (height). At least 64 per side. */
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

  const pixel = 2 / Math.min(width, height);
  const lungShare = new Float32Array(width * height);
  const hu = new Float32Array(width * height);
  const lung = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const ny = ((y + 0.5) / height) * 2 - 1;
    for (let x = 0; x < width; x++, i++) {
      const nx = ((x + 0.5) / width) * 2 - 1;
      const distance = lungDistance(anatomy, nx, ny);
      lungShare[i] = cover(distance, pixel);
      if (distance < 0) lung[i] = 255;
      hu[i] = distance > pixel ? 0 : lungHu(anatomy, nx, ny);
    }
  }
  const lesions = drawLesions(lesionRandom, anatomy, lungShare, width, height, burden);
  const classes = new Uint8Array(width * height);
  const texture = fractalNoise(lesionRandom.next());
  const grain = width / 5;
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
        const speckle = 110 * texture(nx * grain, ny * grain * (height / width));
        value = mix(hu[i] as number, lesions.glassHu + speckle, 0.9 * glass);
        value = mix(value, -640, 0.5 * (vessels.fissure[i] as number));
        value = mix(value, lesions.consolidationHu + 0.3 * speckle, dense);
        value = Math.max(value, mix(value, 30, vessels.vessel[i] as number));
        value = Math.max(value, mix(value, -150, vessels.bronchusWall[i] as number));
        value = mix(value, -960, vessels.bronchusAir[i] as number);
      }
      hu[i] = share === 1 ? value : mix(tissueHu(anatomy, nx, ny, pixel), value, share);
    }
  }
  const scanned = scan(scanner, hu, width, height, noise);
  const [black, white] = window;
  const image = Uint8Array.from(scanned, (v) => Math.round(255 * clamp((v - black) / (white - black))));
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
  const width = 180 + random.int(221);
  const height = Math.round(width * random.uniform(1.05, 1.5));
  const healthy = random.chance(1 / 6);
  const share = random.uniform();
  const level = random.uniform(0.08, 1);
  const lungWindow = random.chance(0.6);
  const black = random.uniform(-1020, -950);
  const white = lungWindow ? random.uniform(60, 320) : random.uniform(700, 1500);
  const noisy = random.uniform();
  return {
    width,
    height: Math.min(480, Math.max(240, height)),
    burden: healthy ? 0 : 0.01 + 0.45 * share * share,
    level,
    window: [black, white],
    noise: 14 + 80 * noisy * noisy * noisy,
    flip: random.chance(0.5),
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

/** The scanner: blurs by about a pixel and adds noise with a little grain. */
function scan(random: Random, hu: Float32Array, width: number, height: number, noise: number): Float32Array {
  const sharp = random.uniform(0.35, 0.9);
  const blurred = blur(hu, width, height);
  const white = new Float32Array(hu.length);
  for (let i = 0; i < white.length; i++) white[i] = random.normal();
  const grainy = blur(white, width, height);
  const coarse = random.uniform(0, 0.8);
  // The blur leaves 0.375 of white noise's deviation; the mixture is brought back to about 1.
  const gain = noise / Math.sqrt((1 - coarse) * (1 - coarse) + 0.5 * coarse * (1 - coarse) + 0.14 * coarse * coarse);
  return Float32Array.from(hu, (value, i) => {
    const signal = mix(blurred[i] as number, value, sharp);
    return signal + gain * mix(white[i] as number, grainy[i] as number, coarse);
  });
}

/** The 1-2-1 kernel along both axes, borders replicated. */
function blur(source: Float32Array, width: number, height: number): Float32Array {
  const rows = new Float32Array(source.length);
  for (let i = 0; i < source.length; i++) {
    const x = i % width;
    const before = source[x === 0 ? i : i - 1] as number;
    const after = source[x === width - 1 ? i : i + 1] as number;
    rows[i] = (before + 2 * (source[i] as number) + after) / 4;
  }
  const out = new Float32Array(source.length);
  for (let i = 0; i < source.length; i++) {
    const before = rows[i < width ? i : i - width] as number;
    const after = rows[i >= width * (height - 1) ? i : i + width] as number;
    out[i] = (before + 2 * (rows[i] as number) + after) / 4;
  }
  return out;
}

function mirrored(data: Uint8Array, width: number): Uint8Array {
  return data.map((_, i) => data[i - (i % width) + width - 1 - (i % width)] as number);
}
