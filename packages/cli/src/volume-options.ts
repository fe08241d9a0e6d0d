/** How volumes become slices: the same options, with the same defaults, wherever volumes are read. */
import type { SliceOrientation, VolumeWindow } from '@infnet/data';
import { Option } from 'commander';
import { sliceOrientation, volumeWindow } from './commands/segment/window.js';

export interface VolumeSettings {
  /** What becomes black and white in volumes. */
  readonly window: VolumeWindow;
  /** How slices of volumes lie. */
  readonly orient: SliceOrientation;
}

export function windowOption(): Option {
  return new Option(
    '--window <window>',
    'volumes: what becomes black and white: lung (-1350,150 HU), minmax or LOW,HIGH',
  )
    .argParser(volumeWindow)
    .default('lung');
}

export function orientOption(): Option {
  return new Option(
    '--orient <how>',
    'volumes: how slices lie, as for infnet segment: released, upright, PL, as-stored, ...',
  )
    .argParser(sliceOrientation)
    .default('released');
}
