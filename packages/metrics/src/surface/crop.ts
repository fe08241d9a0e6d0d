/**
 * Cuts masks to the box around all that is infected in any of them. Distances between surfaces do not change: both
 * surfaces lie inside the box, and whatever the box cuts off is background, like everything outside a picture.
 * A lesion fills a small part of a CT, so this saves most of the memory and time.
 */
export function cropTogether(
  masks: readonly Uint8Array[],
  shape: readonly number[],
): { readonly masks: readonly Uint8Array[]; readonly shape: readonly number[] } {
  const [slices, rows, columns] = shape.length === 3 ? (shape as [number, number, number]) : [1, shape[0]!, shape[1]!];
  const low = [slices, rows, columns];
  const high = [-1, -1, -1];
  for (const mask of masks) {
    for (let z = 0, i = 0; z < slices; z++) {
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++, i++) {
          if (mask[i] === 0) continue;
          if (z < low[0]!) low[0] = z;
          if (z > high[0]!) high[0] = z;
          if (y < low[1]!) low[1] = y;
          if (y > high[1]!) high[1] = y;
          if (x < low[2]!) low[2] = x;
          if (x > high[2]!) high[2] = x;
        }
      }
    }
  }
  if (high[0]! < 0) return { masks, shape }; // nothing infected
  const box = high.map((last, axis) => last - low[axis]! + 1);
  const cut = (mask: Uint8Array): Uint8Array => {
    const part = new Uint8Array(box[0]! * box[1]! * box[2]!);
    for (let z = 0; z < box[0]!; z++) {
      for (let y = 0; y < box[1]!; y++) {
        const start = ((low[0]! + z) * rows + low[1]! + y) * columns + low[2]!;
        part.set(mask.subarray(start, start + box[2]!), (z * box[1]! + y) * box[2]!);
      }
    }
    return part;
  };
  return { masks: masks.map(cut), shape: shape.length === 3 ? box : box.slice(1) };
}
