/**
 * What segmenting needs beside the slices: a task with its net on a device, options, and a host that reads and writes.
 */
import type { DataNote, DepthOptions, GreyImage, Provenance, SliceOrientation, VolumeWindow } from '@infnet/data';
import type { Answered, EachOptions, Network, OnItsWay } from '../network.js';
import type { SegmentationTask, TaskSlice } from '../task.js';

export interface SegmentFile {
  readonly path: string;
  readonly name: string;
  /** The name without its ending: results are called after it. */
  readonly stem: string;
}

export interface SegmentOptions {
  /** Pixels per side of the net's input, and slices per run. */
  readonly size: number;
  readonly batch: number;
  readonly threshold: number;
  readonly stretch?: boolean;
  /** `npy` adds the logits. */
  readonly format: 'png' | 'npy';
  /** How class maps are written. */
  readonly classFormat: string;
  readonly range: NonNullable<DepthOptions['range']>;
  readonly window: VolumeWindow;
  readonly orient: SliceOrientation;
}

export interface ResultFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Where a run reads and writes, and what is told of it. */
export interface SegmentHost {
  read(path: string): Promise<Uint8Array>;
  /** All files of a slice or volume. */
  write(files: readonly ResultFile[]): Promise<void>;
  note(file: SegmentFile, notes: readonly DataNote[]): void;
  readonly progress: {
    phase(label: string, total: number): void;
    update(done: number, detail?: string): void;
    clear(): void;
  };
  readonly signal: AbortSignal | undefined;
}

/** A slice with its name, for errors. */
export interface Named extends OnItsWay {
  readonly name: string;
}

/** The maps that a task asks for beside a slice: read, or made on the way. */
export interface CompanionSource {
  read?(file: SegmentFile, slice: TaskSlice): Promise<NonNullable<TaskSlice['companions']>>;
  /** What `load` gives of each source, with companions. */
  make?<S, T extends Named>(
    sources: Iterable<S>,
    load: (source: S) => T | undefined | Promise<T | undefined>,
    options: EachOptions<T>,
  ): AsyncIterable<T>;
}

export interface SegmentJob {
  readonly task: SegmentationTask;
  readonly network: Network;
  readonly companions?: CompanionSource | undefined;
  readonly options: SegmentOptions;
  readonly host: SegmentHost;
  /** What each result says of where it comes from. */
  readonly made: Provenance;
}

/** Of results that a threshold cut. */
export function cut({ task, options }: Pick<SegmentJob, 'task' | 'options'>, made: Provenance): Provenance {
  return task.classes.length === 2 ? { ...made, threshold: options.threshold } : made;
}

/** What came of each file so far. */
export interface Reports<R> {
  readonly size: number;
  /** The error with which the device was lost: nothing more can be computed. */
  lost: unknown;
  /** Whether it is done or failed. */
  has(file: SegmentFile): boolean;
  add(file: SegmentFile, report: R): void;
  fail(file: SegmentFile, error: unknown): void;
}

/** Slices with what the net needs beside them, through the net. */
export function answersOf<S, T extends Named>(
  { network, companions, options }: SegmentJob,
  sources: Iterable<S>,
  load: (source: S) => T | undefined | Promise<T | undefined>,
  how: EachOptions<T>,
): AsyncGenerator<Answered<T>, void, undefined> {
  const made = companions?.make?.(sources, load, how);
  return made === undefined
    ? network.each(sources, load, options, how)
    : network.each(made, (item: T) => item, options, how);
}

/** Pixels of each class. */
export function countLabels({ data }: GreyImage, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of data) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
