/**
 * The recipe behind the goldens: parameters and inputs that are computed, not shipped.
 *
 * A value is a hash of the tensor's name and of the element's flat index, so any single element can be had without its
 * neighbours. The hash is exact 32-bit arithmetic, the scaling is float64, and there is one rounding, at the store to
 * float32; that is why PyTorch's side and this one agree to the bit. Section 1 of the goldens' README defines it, and
 * `recipe.test.ts` checks it against the recorded vectors and the checksum of every parameter of the four networks.
 */

/**
 * The role of a parameter, which decides its scale: conv/linear weight and bias, BatchNorm weight, bias, mean,
 * variance.
 */
export type ParamRole = 'w' | 'b' | 'bn_w' | 'bn_b' | 'bn_rm' | 'bn_rv';

/** Gains of the recorded networks. Blocks use the one of `inf_net_res2net`. */
export const GAINS = {
  inf_net_res2net: 0.72,
  inf_net_resnet50: 0.74,
  inf_net_vgg16: 0.95,
  inf_net_unet: 0.95,
} as const;

const utf8 = new TextEncoder();

/** FNV-1a, 32 bit, over the UTF-8 bytes of `name`. */
export function fnv1a32(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of utf8.encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The 32-bit finaliser of MurmurHash3. */
export function fmix32(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Element `index` of the uniform stream with the hashed name `seed`: in [-1, 1), exact in float32. */
export function uniform(seed: number, index: number): number {
  return (fmix32(fmix32(index + 1) ^ seed) >>> 8) * 2 ** -23 - 1;
}

/** Element `index` of the stream called `name`. For whole arrays use {@link fill}, which hashes the name once. */
export function u(name: string, index: number): number {
  return uniform(fnv1a32(name), index);
}

/** `count` float32 values `add + mul * u(name, i)`. */
export function fill(name: string, count: number, mul = 1, add = 0): Float32Array<ArrayBuffer> {
  const seed = fnv1a32(name);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = add + mul * uniform(seed, i);
  return out;
}

/** The number of elements of `shape`; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * The parameter called `name` (a `state_dict` key, with the prefix of its block if it has one).
 * `gain` matters to role `w` only: the bound is `gain * sqrt(6 / fanIn)`, `fanIn` = all extents but the first.
 */
export function param(
  name: string,
  shape: readonly number[],
  role: ParamRole,
  gain: number = GAINS.inf_net_res2net,
): Float32Array<ArrayBuffer> {
  const count = sizeOf(shape);
  switch (role) {
    case 'w':
      return fill(name, count, gain * Math.sqrt(6 / (count / (shape[0] ?? 1))));
    case 'b':
      return fill(name, count, 0.05);
    case 'bn_w':
      return fill(name, count, 0.1, 1);
    case 'bn_b':
    case 'bn_rm':
      return fill(name, count, 0.1);
    case 'bn_rv':
      return fill(name, count, 0.25, 1);
  }
}

/**
 * The role of a `state_dict` key, from its last part and its rank; `undefined` for `num_batches_tracked` (always 0).
 * A one-dimensional `weight` is BatchNorm's. A `bias` is BatchNorm's when its sibling `running_mean` is among `keys`.
 */
export function roleOf(key: string, shape: readonly number[], keys: ReadonlySet<string>): ParamRole | undefined {
  const dot = key.lastIndexOf('.');
  const leaf = key.slice(dot + 1);
  if (leaf === 'running_mean') return 'bn_rm';
  if (leaf === 'running_var') return 'bn_rv';
  if (leaf === 'num_batches_tracked') return undefined;
  if (leaf === 'weight') return shape.length === 1 ? 'bn_w' : 'w';
  return keys.has(`${key.slice(0, dot)}.running_mean`) ? 'bn_b' : 'b';
}

/** A net input [N, C, H, W]: half noise, half a constant per 16x16 cell. */
export function image(name: string, shape: readonly [number, number, number, number]): Float32Array<ArrayBuffer> {
  const [batch, channels, height, width] = shape;
  const rows = Math.ceil(height / 16);
  const columns = Math.ceil(width / 16);
  const noise = fnv1a32(name);
  const cell = fnv1a32(`${name}/cell`);
  const out = new Float32Array(batch * channels * height * width);
  let i = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = 0; y < height; y++) {
      const row = (plane * rows + (y >> 4)) * columns;
      for (let x = 0; x < width; x++, i++) out[i] = 0.5 * uniform(noise, i) + uniform(cell, row + (x >> 4));
    }
  }
  return out;
}

/** `[cy2, cx2, r2]` in half pixels: pixel (y, x) is inside when `(2y - cy2)^2 + (2x - cx2)^2 <= r2`. */
export type Disc = readonly [number, number, number];

/** The union of `discs` on a `height` x `width` map: 1 inside, 0 outside. */
export function discMask(discs: readonly Disc[], height: number, width: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = discs.some(([cy2, cx2, r2]) => (2 * y - cy2) ** 2 + (2 * x - cx2) ** 2 <= r2);
      if (inside) out[y * width + x] = 1;
    }
  }
  return out;
}

/** The inner edge of a 0/1 mask: 1 where a mask pixel is 1 and one of its 4 neighbours inside the image is 0. */
export function edgeMap(mask: Float32Array, height: number, width: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(height * width);
  const isZero = (y: number, x: number): boolean =>
    y >= 0 && y < height && x >= 0 && x < width && mask[y * width + x] === 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (isZero(y, x)) continue;
      if (isZero(y - 1, x) || isZero(y + 1, x) || isZero(y, x - 1) || isZero(y, x + 1)) out[y * width + x] = 1;
    }
  }
  return out;
}

/** The goldens' fingerprint of an array: its dot product with `u('proj', i)`, in float64. Catches permuted arrays. */
export function projection(values: ArrayLike<number>): number {
  const seed = fnv1a32('proj');
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) * uniform(seed, i);
  return sum;
}

/** Sum of the float32 bit patterns, modulo 2^32: the checksum the recipe's `checksums.json` records. */
export function bitSum(values: Float32Array): number {
  let sum = 0;
  for (const bits of new Uint32Array(values.buffer, values.byteOffset, values.length)) sum = (sum + bits) >>> 0;
  return sum;
}
