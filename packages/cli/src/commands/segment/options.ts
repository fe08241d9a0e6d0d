import type { Precision } from '@infnet/core';
import type { ChannelOrder, DepthOptions, encodeClassMap, SliceOrientation, VolumeWindow } from '@infnet/data';
import type { BackboneName } from '@infnet/inf-net';
import type { AdapterChoice } from '@infnet/node';

/** The options of `infnet segment`, as the command line gives them. */
export interface SegmentOptions {
  readonly paths: readonly string[];
  readonly weights: string;
  /** Which of several nets in that file. */
  readonly weightsKey?: string;
  readonly out: string;
  /** Pixels per side of the net's input. */
  readonly size: number;
  readonly format: 'png' | 'npy';
  readonly json?: boolean;
  readonly threshold: number;
  readonly stretch?: boolean;
  /** What becomes black and white in 16-bit slices. */
  readonly range: NonNullable<DepthOptions['range']>;
  /** What becomes black and white in volumes. */
  readonly window: VolumeWindow;
  /** How slices of volumes lie when the net sees them. */
  readonly orient: SliceOrientation;
  readonly batch: number;
  readonly backbone?: BackboneName;
  readonly adapter?: AdapterChoice;
  /** A file of `infnet tune`. */
  readonly tuning?: string;
  /** Default: the plans' own. */
  readonly precision?: Precision;
  /** Classes instead of infection; the options below are of that alone. */
  readonly multiClass?: boolean;
  /** Folder of pictures that say where the slices are infected. */
  readonly priors?: string;
  /** Inf-Net's weights, which say it instead. */
  readonly priorWeights?: string;
  readonly priorWeightsKey?: string;
  /** Pixels per side of Inf-Net's input. Default: `size`. */
  readonly priorSize?: number;
  readonly classFormat: NonNullable<Parameters<typeof encodeClassMap>[1]>;
  /** What the net's channels mean. Default: as the file of weights says. */
  readonly channelOrder?: ChannelOrder;
  /** Names of the options that were given on the command line. */
  readonly given: readonly string[];
  /** Whether summary.csv has the column of seconds. */
  readonly time: boolean;
}
