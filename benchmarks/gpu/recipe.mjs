/** The goldens' recipe for weights and images (fixtures/golden, section 1), so that both sides compute with the same numbers. */

function fnv1a32(name) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function fmix32(value) {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

const uniform = (seed, index) => (fmix32(fmix32(index + 1) ^ seed) >>> 8) * 2 ** -23 - 1;

const product = (shape) => shape.reduce((count, extent) => count * extent, 1);

export function fill(name, count, mul = 1, add = 0) {
  const seed = fnv1a32(name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = add + mul * uniform(seed, i);
  return values;
}

/** Value of the parameter `name`. `isNorm`: it belongs to a batch norm. */
export function parameterValue(name, shape, isNorm, gain = 0.72) {
  const leaf = name.slice(name.lastIndexOf('.') + 1);
  const count = product(shape);
  if (leaf === 'running_var') return fill(name, count, 0.25, 1);
  if (leaf === 'running_mean') return fill(name, count, 0.1);
  if (isNorm) return fill(name, count, 0.1, leaf === 'weight' ? 1 : 0);
  if (leaf === 'bias') return fill(name, count, 0.05);
  return fill(name, count, gain * Math.sqrt(6 / product(shape.slice(1))));
}

/** State of a net: values by name. `parameters` have `name`, `shape` and `unused`. */
export function stateOf(parameters) {
  const used = parameters.filter(({ unused }) => !unused);
  const prefixOf = (name) => name.slice(0, name.lastIndexOf('.'));
  const norms = new Set(used.filter(({ name }) => name.endsWith('.running_mean')).map(({ name }) => prefixOf(name)));
  return new Map(
    used.map(({ name, shape }) => [name, { shape, data: parameterValue(name, shape, norms.has(prefixOf(name))) }]),
  );
}

/** [n, c, h, w]: half noise, half a constant per 16 x 16 cell. */
export function image(name, [n, c, h, w]) {
  const [noise, cell] = [fnv1a32(name), fnv1a32(`${name}/cell`)];
  const [rows, columns] = [Math.ceil(h / 16), Math.ceil(w / 16)];
  const values = new Float32Array(n * c * h * w);
  let i = 0;
  for (let line = 0; line < n * c * h; line++) {
    const row = (Math.floor(line / h) * rows + ((line % h) >> 4)) * columns;
    for (let x = 0; x < w; x++, i++) values[i] = 0.5 * uniform(noise, i) + uniform(cell, row + (x >> 4));
  }
  return values;
}

/** The mask of every image of a training step: one disc in the middle, a quarter of the side in radius. [n, 1, s, s] */
export function discMasks(n, size) {
  const mask = Float32Array.from({ length: size * size }, (_, i) => {
    const [y, x] = [2 * Math.floor(i / size) - size, 2 * (i % size) - size];
    return Number(y * y + x * x <= (size / 2) ** 2);
  });
  const values = new Float32Array(n * mask.length);
  for (let item = 0; item < n; item++) values.set(mask, item * mask.length);
  return values;
}
