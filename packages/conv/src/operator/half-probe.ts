/**
 * Whether a device computes with float16 weights rightly: a convolution whose result is known in float64.
 *
 * Of its ten result channels the first five have weights that float16 holds exactly. So the result may only differ by
 * float32's own rounding, and whatever is wrong shows: a value widened wrongly, neighbours mixed up, sums kept in
 * float16. The other five have weights of all sizes that must be rounded, and the bound is that of float16: 2^-10 of
 * each term (WGSL rounds to either neighbour). Channels, pixels and the sum's length are no multiples of any tile.
 *
 * `gemm-matrix` (experimental, matrix units) rounds x as well. For it the first image holds values that float16 has, so
 * that the same is seen, and the second one any values, with the bound of both roundings. Such units may add with fewer
 * bits than float32 has, so they get four times its bound: still less than what rounding the sums once to float16
 * costs.
 */
import { applyOne, type Operator, type Probe, seededRandom } from '@infnet/core';
import type { ConvolutionAlgorithm, GatherAlgorithm } from '../forward/algorithm.js';
import { GATHERS } from '../forward/registry.js';
import { halfWeightOperator } from './half-weight.js';

const [BATCH, IN, OUT, HEIGHT, WIDTH] = [2, 27, 10, 5, 7];
const EXACT = OUT / 2;
const TAPS = 9;
/** Of the sum of all terms' sizes: float32's rounding of 243 products and as many sums, and float16's of one weight. */
const FLOAT32 = 256 * 2 ** -24;
const FLOAT16 = 2 ** -10;
/** The same for matrix units. */
const MATRIX = 4 * FLOAT32;

type HalfProbe = Probe<'x' | 'weight', 'y'>;

const probes = new WeakMap<Operator, Map<string, HalfProbe>>();

/** The probe of the kernel that does an algorithm, the same for all its tiles; `convolution` is the fused operator. */
export function halfProbe(convolution: Operator, algorithm: ConvolutionAlgorithm): HalfProbe {
  const { algorithm: kernel } = GATHERS.named(algorithm);
  const { name } = kernel;
  const ofOperator = probes.get(convolution) ?? new Map<string, HalfProbe>();
  probes.set(convolution, ofOperator);
  let probe = ofOperator.get(name);
  if (probe === undefined) {
    probe = makeProbe(convolution, kernel);
    ofOperator.set(name, probe);
  }
  return probe;
}

function makeProbe(convolution: Operator, { name, roundsSource: onMatrixUnits = false }: GatherAlgorithm): HalfProbe {
  const random = seededRandom(16);
  const x = Float32Array.from({ length: BATCH * IN * HEIGHT * WIDTH }, (_, i) => {
    const value = 2 * random() - 1;
    if (!onMatrixUnits) return value;
    return i < IN * HEIGHT * WIDTH ? Math.round(2047 * value) / 1024 : value + Math.sign(value);
  });
  const weight = Float32Array.from({ length: OUT * IN * TAPS }, (_, i) => {
    const value = 2 * random() - 1;
    // Eleven significant bits, as float16 has, or any bits at any of eight sizes, all of them float16's normal ones.
    if (i < EXACT * IN * TAPS) return Math.round(2047 * value) / 1024;
    return (value + Math.sign(value)) * 2 ** -Math.floor(8 * random());
  });
  const settings = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };
  const attributes = { ...settings, algorithm: name, operands: ['x', 'weight'], relu: false };
  return {
    name: `float16 ${onMatrixUnits ? 'matrices' : 'weights'} in conv/${name}`,
    inputs: {
      x: { shape: [BATCH, IN, HEIGHT, WIDTH], data: x },
      weight: { shape: [OUT, IN, 3, 3], data: weight },
    },
    compute: (inputs) => {
      const half = applyOne(halfWeightOperator, [inputs.weight], {});
      return { y: applyOne(convolution, [inputs.x, half], attributes) };
    },
    fault: ({ y }) => fault(y, x, weight, onMatrixUnits),
  };
}

/** The first value that is outside its bound. */
function fault(
  y: ArrayLike<number>,
  x: Float32Array,
  weight: Float32Array,
  onMatrixUnits: boolean,
): string | undefined {
  for (let at = 0; at < BATCH * OUT * HEIGHT * WIDTH; at++) {
    const channel = Math.floor(at / (HEIGHT * WIDTH)) % OUT;
    const { sum, size } = reference(x, weight, at);
    const roundsX = onMatrixUnits && at >= OUT * HEIGHT * WIDTH;
    const roundings = Number(channel >= EXACT) + Number(roundsX);
    const bound = size * ((onMatrixUnits ? MATRIX : FLOAT32) + roundings * FLOAT16);
    const got = y[at] as number;
    // Written so that a NaN is a fault.
    if (!(Math.abs(got - sum) <= bound)) return `value ${at} is ${got}, it should be ${sum} within ${bound}`;
  }
  return undefined;
}

/** Result value `at` in float64, and the sum of its terms' sizes. */
function reference(x: Float32Array, weight: Float32Array, at: number): { readonly sum: number; readonly size: number } {
  const [column, row] = [at % WIDTH, Math.floor(at / WIDTH) % HEIGHT];
  const channel = Math.floor(at / (HEIGHT * WIDTH)) % OUT;
  const image = Math.floor(at / (HEIGHT * WIDTH * OUT));
  let [sum, size] = [0, 0];
  for (let c = 0; c < IN; c++) {
    for (let tap = 0; tap < TAPS; tap++) {
      const [r, q] = [row + Math.floor(tap / 3) - 1, column + (tap % 3) - 1];
      if (r < 0 || r >= HEIGHT || q < 0 || q >= WIDTH) continue;
      const value = x[((image * IN + c) * HEIGHT + r) * WIDTH + q] as number;
      const term = (weight[(channel * IN + c) * TAPS + tap] as number) * value;
      sum += term;
      size += Math.abs(term);
    }
  }
  return { sum, size };
}
