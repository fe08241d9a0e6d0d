/**
 * The surface of a mask: its voxels with a neighbour across a face (4 in a picture, 6 in a volume) that is not in the
 * mask. What lies outside the picture is not in the mask, so a lesion cut by the border has a surface there.
 */
export function boundary(mask: Uint8Array, shape: readonly number[]): Uint8Array {
  const surface = new Uint8Array(mask.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis]!;
    for (let i = 0; i < mask.length; i++) {
      if (mask[i] === 0 || surface[i] === 1) continue;
      const at = Math.floor(i / stride) % extent;
      if (at === 0 || at === extent - 1 || mask[i - stride] === 0 || mask[i + stride] === 0) surface[i] = 1;
    }
    stride *= extent;
  }
  return surface;
}
