/** A map over a slice, laid as another orientation lays that slice. */
import type { FloatMap, SliceLayout } from '@infnet/data';

/** Undefined where the two orientations cut the volume along different axes: then no picture of one is in the other. */
export function turned({ data }: FloatMap, from: SliceLayout, to: SliceLayout): FloatMap | undefined {
  if (from.axis !== to.axis) return undefined;
  const isSwapped = Math.abs(to.across) !== Math.abs(from.across);
  const [alongX, alongY] = isSwapped ? [to.down, to.across] : [to.across, to.down];
  const { width, height } = to;
  const out = new Float32Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const [u, v] = isSwapped ? [y, x] : [x, y];
      // A direction that the other one runs along backwards.
      const column = alongX * from.across < 0 ? from.width - 1 - u : u;
      const row = alongY * from.down < 0 ? from.height - 1 - v : v;
      out[at] = data[row * from.width + column] as number;
    }
  }
  return { width, height, data: out };
}
