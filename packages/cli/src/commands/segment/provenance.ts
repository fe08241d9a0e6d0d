/** Where the results of a run come from: the record that each of its files and rows carries. */
import { basename } from 'node:path';
import type { Context, Precision } from '@infnet/core';
import type { Provenance } from '@infnet/data';
import { version } from '../../version.js';
import type { SegmentOptions } from './options.js';
import type { WeightsDescription } from './weights.js';

/** Of a probability; masks and figures add the threshold, volumes their window. */
export function provenanceOf(
  weights: WeightsDescription,
  { size, stretch = false }: Pick<SegmentOptions, 'size' | 'stretch'>,
  { adapter }: Pick<Context, 'adapter'>,
  precision: Precision,
): Provenance {
  return {
    version: version(),
    weights: basename(weights.file),
    weightsSha256: weights.sha256,
    ...(weights.trainedOn === undefined ? {} : { trainedOn: weights.trainedOn }),
    net: `${weights.backbone}, width ${weights.width}, ${weights.channels} channels`,
    size,
    ...(stretch ? { stretched: true } : {}),
    precision,
    adapter: adapter.message.replace(/^infnet: /, ''),
    time: new Date().toISOString(),
  };
}

/** What a 16-bit picture's values became black and white by; nothing to say of the full range, and of 8 bit. */
export function rangeOf(range: SegmentOptions['range'], depth: number): Pick<Provenance, 'range'> {
  if (depth !== 16 || range === 'full') return {};
  return { range: typeof range === 'string' ? range : range.join(' to ') };
}
