/** Resizing class maps: nearest neighbour, so that no value appears that was not there. */
import { checkSize, type GreyImage } from '../image.js';
import { checkTarget } from './target.js';

/**
 * Every output pixel takes the value under its centre, sample `floor((i + 1/2) * from / to)`, so that labels stay in
 * step with pictures that are resized around half-pixel centres. (`resizeNearest`, OpenCV's, looks under the upper left
 * corner.)
 */
export function resizeLabels(map: GreyImage, width: number, height: number): GreyImage {
  checkSize(map, 'class map to resize');
  checkTarget(width, height);
  const data = new Uint8Array(width * height);
  const columns = Uint32Array.from({ length: width }, (_, x) => Math.floor(((2 * x + 1) * map.width) / (2 * width)));
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.floor(((2 * y + 1) * map.height) / (2 * height)) * map.width;
    for (let x = 0; x < width; x++) data[to++] = map.data[row + (columns[x] as number)] as number;
  }
  return { width, height, channels: 1, data };
}
