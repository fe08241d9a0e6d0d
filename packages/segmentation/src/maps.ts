/** The maps that results are written as: probability and mask, or a class map. */
import { encodePng, finalPngU8, type GreyImage, probabilityToU8 } from '@infnet/data';
import { probabilityOf } from './decide.js';
import type { TaskMap } from './task.js';

export const PROBABILITY_MAPS: readonly TaskMap[] = [
  {
    name: 'prob',
    isCut: false,
    png(found, { stretch }) {
      const { width, height, data } = probabilityOf(found);
      return encodePng({ width, height, data: stretch ? finalPngU8(data) : probabilityToU8(data) });
    },
    values: probabilityOf,
  },
  {
    name: 'mask',
    isCut: true,
    png: ({ labels: { width, height, data } }) => encodePng({ width, height, data: data.map((v) => 255 * v) }),
    values: probabilityOf,
    voxel: (p, threshold) => (p >= threshold ? 1 : 0),
  },
];

/** @param png a map's picture, in one of several formats where there are some */
export function classMap(png: (labels: GreyImage, format: string) => Uint8Array): TaskMap {
  return {
    name: 'classes',
    isCut: false,
    png: ({ labels }, { format }) => png(labels, format),
    values: ({ labels }) => ({ ...labels, data: Float32Array.from(labels.data) }),
    voxel: (label) => label,
  };
}
