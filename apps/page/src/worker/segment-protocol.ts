/** What the worker does for Segment. */
import type { Provenance, SliceOrientation, VolumeWindow } from '@infnet/data';
import type { Method, Progress } from '../protocol.js';

/** Thresholds are counted in hundredths: a slider's steps. */
export const THRESHOLD_STEPS = 100;

export type ItemSource =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'phantom'; readonly seed: number };

export interface ItemReport {
  readonly id: number;
  readonly name: string;
  readonly isVolume: boolean;
  /** Of a volume: of its slices, in the file's order of axes. */
  readonly width: number;
  readonly height: number;
  /** Slices; 1 for a picture. */
  readonly depth: number;
  /** Of a volume: its smallest and largest value. */
  readonly extremes?: readonly [number, number];
  readonly orientation?: string;
  /** Millimetres; undefined where the file does not say. */
  readonly spacing?: readonly number[];
  readonly millilitresPerVoxel?: number;
  /** What the item may not be fit for, in plain words. */
  readonly notes: readonly string[];
}

/** How volumes are looked at. */
export interface VolumeView {
  readonly window: VolumeWindow;
  readonly orient: SliceOrientation;
}

export interface WeightsReport {
  readonly name: string;
  /** Of the file. */
  readonly sha256: string;
  readonly format: string;
  readonly backbone: string;
  readonly width: number;
  readonly channels: number;
  readonly tensors: number;
  /** The file says that it was never trained. */
  readonly untrained: boolean;
  /** What the file says it was trained on. */
  readonly trainedOn: string | undefined;
  /** Where that means that little can be expected of them: a sentence to show. */
  readonly warning: string | undefined;
  /** Size the file says it was trained at. */
  readonly size: number | undefined;
  readonly sizeMultiple: number;
}

export interface SliceResult {
  readonly slice: number;
  /** `counts[t]`: pixels whose probability is at least t / 100. */
  readonly counts: Uint32Array;
  readonly pixels: number;
  readonly seconds: number;
  /** How it was made: that of the probability, which any threshold may cut. */
  readonly made: Provenance;
}

export interface SliceMaps {
  readonly width: number;
  readonly height: number;
  readonly probability: Float32Array;
  /** Probability of the lesion's border, 0..255. */
  readonly edge: Uint8Array;
}

export interface GreySlice {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export type ExportKind = 'mask.png' | 'prob.png' | 'overlay.png' | 'logits.npy' | 'mask.nii.gz' | 'prob.nii.gz';

export interface SegmentMethods {
  loadWeights: Method<{ readonly name: string; readonly bytes: Uint8Array }, WeightsReport>;
  addItem: Method<{ readonly source: ItemSource }, ItemReport>;
  removeItem: Method<{ readonly id: number }, undefined>;
  slice: Method<{ readonly id: number; readonly slice: number; readonly view: VolumeView }, GreySlice>;
  /**
   * Slices of one item, one after the other. Results stay in the worker until the item is segmented again or removed.
   */
  segment: Method<
    { readonly id: number; readonly size: number; readonly view: VolumeView },
    { readonly seconds: number },
    { readonly progress: Progress } | { readonly result: SliceResult }
  >;
  /**
   * Undefined where the slice was not segmented. In the orientation that is asked for, in which it may not have been
   * made.
   */
  maps: Method<
    { readonly id: number; readonly slice: number; readonly orient: SliceOrientation },
    SliceMaps | undefined
  >;
  export: Method<
    { readonly id: number; readonly slice: number; readonly what: ExportKind; readonly threshold: number },
    { readonly name: string; readonly bytes: Uint8Array }
  >;
}
