/** A contact sheet: some slices of a volume with the answer drawn over them, so that one look tells how it went. */
import { encodePng, type GreyImage, type RgbImage, resizePillow } from '@infnet/data';
import type { Interpretation, SegmentationTask } from '../task.js';

/** Slices on a sheet, and in a row of it. */
const TILES = 12;
const COLUMNS = 4;
/** Pixels of a tile's longer side, at most, and between tiles. */
const SIDE = 256;
const GAP = 4;
/** Shade of the gaps. */
const BACKDROP = 24;

/** Which slices: all of up to 12, else 12 evenly through the volume, from the middle of each twelfth. */
export function slicesOnSheet(depth: number): readonly number[] {
  const count = Math.min(TILES, depth);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * depth) / count));
}

export function makeTile(
  task: Pick<SegmentationTask, 'draw'>,
  slice: GreyImage,
  found: Interpretation,
  threshold: number,
): RgbImage {
  const longer = Math.max(slice.width, slice.height);
  const scale = Math.min(8, Math.max(1, Math.floor(SIDE / longer)));
  const drawn = task.draw(slice, found, { threshold, scale });
  const shrink = SIDE / Math.max(drawn.width, drawn.height);
  if (shrink >= 1) return drawn;
  const [width, height] = [drawn.width, drawn.height].map((side) => Math.max(1, Math.round(side * shrink)));
  return resizePillow(drawn, width as number, height as number);
}

/** Row by row, in the order of the slices. @param tiles at least one, all of one size */
export function makeSheet(tiles: readonly RgbImage[]): Uint8Array {
  const { width: tileWidth, height: tileHeight } = tiles[0] as RgbImage;
  const columns = Math.min(COLUMNS, tiles.length);
  const width = columns * (tileWidth + GAP) - GAP;
  const height = Math.ceil(tiles.length / columns) * (tileHeight + GAP) - GAP;
  const data = new Uint8Array(width * height * 3).fill(BACKDROP);
  for (const [n, tile] of tiles.entries()) {
    const left = (n % columns) * (tileWidth + GAP);
    const top = Math.floor(n / columns) * (tileHeight + GAP);
    for (let y = 0; y < tileHeight; y++) {
      data.set(tile.data.subarray(y * tileWidth * 3, (y + 1) * tileWidth * 3), ((top + y) * width + left) * 3);
    }
  }
  return encodePng({ width, height, channels: 3, data });
}
