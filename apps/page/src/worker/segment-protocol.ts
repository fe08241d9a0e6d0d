/** What the worker does for Segment. */
import type { Provenance, SliceOrientation, VolumeWindow } from '@infnet/data';
import type { Method, Progress } from '../protocol.js';
import type { TaskReport } from './task-protocol.js';

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
  readonly task: TaskReport;
  /** For people, e.g. `res2net50, width 1, 32 channels`. */
  readonly net: string;
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
  /**
   * Where a threshold tells two classes apart, `counts[t]`: pixels whose probability is at least t / 100. Else
   * `counts[k]`: pixels of class k.
   */
  readonly counts: Uint32Array;
  readonly pixels: number;
  readonly seconds: number;
  /** How it was made: that of the probability, which any threshold may cut. */
  readonly made: Provenance;
}

export interface SliceMaps {
  readonly width: number;
  readonly height: number;
  /** Of class 1, where a threshold tells two classes apart. */
  readonly probability?: Float32Array;
  /** The class of every pixel, of several. */
  readonly labels?: Uint8Array;
  /** Probability of class 1's border, 0..255, of nets that tell it. */
  readonly edge?: Uint8Array | undefined;
}

export interface GreySlice {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The task's maps, of a slice or of a volume, and what there is of any slice. */
export type ExportKind = `${string}.png` | `${string}.nii.gz` | 'overlay.png' | 'logits.npy';

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
