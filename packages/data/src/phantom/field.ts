/** A smooth function of the position, sampled at every other pixel and interpolated: a quarter of the work, no visible difference. */

/** @param at value at a point whose coordinates go from -1 to 1 across the picture */
export function sampleField(width: number, height: number, at: (x: number, y: number) => number): Float32Array {
  const columns = (width >> 1) + 2;
  const rows = (height >> 1) + 2;
  const coarse = new Float32Array(columns * rows);
  for (let j = 0, k = 0; j < rows; j++) {
    const y = ((2 * j + 0.5) / height) * 2 - 1;
    for (let i = 0; i < columns; i++, k++) coarse[k] = at(((2 * i + 0.5) / width) * 2 - 1, y);
  }
  const out = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const above = (y >> 1) * columns;
    const below = (y & 1) === 0 ? above : above + columns;
    for (let x = 0; x < width; x++, i++) {
      const left = x >> 1;
      const right = left + (x & 1);
      const top = (coarse[above + left] as number) + (coarse[above + right] as number);
      out[i] = (top + (coarse[below + left] as number) + (coarse[below + right] as number)) / 4;
    }
  }
  return out;
}
