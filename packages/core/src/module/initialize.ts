/** First values of parameters, from a seed and the parameter's name: independent of order, equal on every machine. */
import { elementCount } from '../tensor/types.js';
import type { Parameter } from './parameter.js';

/** Values of one parameter. Uses only integer arithmetic, +, *, sqrt: the same bits in every JavaScript engine. */
export function initialValues(parameter: Parameter, seed: number, name: string = parameter.name): Float32Array {
  const { init, shape } = parameter;
  const count = elementCount(shape);
  const values = new Float32Array(count);
  if (init.kind === 'constant') return values.fill(init.value);
  const random = seededRandom(hashName(name) ^ Math.imul(seed + 1, 0x9e3779b9));
  if (init.kind === 'uniformFanIn') {
    const bound = 1 / Math.sqrt(init.fanIn ?? count / (shape[0] ?? 1));
    for (let i = 0; i < count; i++) values[i] = (2 * random() - 1) * bound;
    return values;
  }
  const fanOut = init.fanOut ?? ((shape[0] ?? 1) * count) / ((shape[0] ?? 1) * (shape[1] ?? 1));
  const deviation = Math.sqrt(2 / fanOut);
  for (let i = 0; i < count; i++) values[i] = deviation * approximateNormal(random);
  return values;
}

/**
 * A nearly normal value: the sum of twelve uniform ones (Irwin-Hall, variance 1, cut at +-6). Chosen over Box-Muller
 * because Math.log and Math.cos may differ in the last bit between engines, and a seed should mean the same weights
 * everywhere.
 */
function approximateNormal(random: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
}

/** FNV-1a over the UTF-16 units of a name. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** SplitMix32: uniform in [0, 1), 32 bits of state. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}
