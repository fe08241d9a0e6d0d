/** Where the results of a run come from: the record that each of its files and rows carries. */
import { basename } from 'node:path';
import type { Context } from '@infnet/core';
import type { Provenance } from '@infnet/data';
import type { Network } from '@infnet/segmentation';
import { version } from '../../version.js';
import type { SegmentOptions } from './options.js';
import type { WeightsDescription } from './weights.js';

/** Of a probability; masks and figures add the threshold, volumes their window. */
export function provenanceOf(
  weights: WeightsDescription,
  { size, stretch = false }: Pick<SegmentOptions, 'size' | 'stretch'>,
  adapter: Context['adapter'],
  { net, precision }: Pick<Network, 'net' | 'precision'>,
  time: Date,
): Provenance {
  return {
    version: version(),
    weights: basename(weights.file),
    weightsSha256: weights.sha256,
    ...(weights.trainedOn === undefined ? {} : { trainedOn: weights.trainedOn }),
    net: net.title,
    size,
    ...(stretch ? { stretched: true } : {}),
    precision,
    adapter: adapter.message.replace(/^infnet: /, ''),
    time: time.toISOString(),
  };
}
