/**
 * Segments: which stretch of which line belongs to which stretch of which slab. Kernels read them as a table of 8 words
 * per parameter; a dispatch handles the segments that share their buffers.
 */
import { elementCount, type Parameter, type ParameterStore } from '@infnet/core';
import type { LineLayout } from './lines.js';

/** One parameter's stretches. */
export interface Segment {
  readonly parameter: Parameter;
  /** Index of the slab (of the store) that holds the parameter, and its first element there. */
  readonly slab: number;
  readonly slabStart: number;
  readonly line: number;
  readonly lineStart: number;
  /** Index of the slab that holds the optimiser's state, and its first element there. */
  readonly state: number;
  readonly stateStart: number;
  readonly count: number;
  /** Factor of the learning rate. */
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** Segments next to each other in the table that one dispatch handles: they share slab, line and state. */
export interface SegmentGroup {
  readonly slab: number;
  readonly line: number;
  readonly state: number;
  /** Index of the first segment. */
  readonly first: number;
  readonly count: number;
  /** Values altogether, for the figures of the profiler. */
  readonly values: number;
  /** Workgroups per segment, for about 64 values per invocation of the largest. */
  readonly workgroups: number;
}

export interface SegmentTable {
  readonly segments: readonly Segment[];
  readonly groups: readonly SegmentGroup[];
  /** [segments, 8]: slabStart, lineStart, stateStart, count, bits of learningRate and weightDecay, 0, 0. */
  readonly words: Uint32Array<ArrayBuffer>;
}

/** Segments per dispatch, at most: the second dimension of its workgroups. */
const MOST_SEGMENTS = 65535;
const MOST_WORKGROUPS = 64;

export function segmentTable(unsorted: readonly Segment[]): SegmentTable {
  const segments = [...unsorted].sort((a, b) => a.line - b.line || a.slab - b.slab || a.state - b.state);
  const words = new Uint32Array(8 * segments.length);
  const floats = new Float32Array(words.buffer);
  for (const [i, segment] of segments.entries()) {
    words.set([segment.slabStart, segment.lineStart, segment.stateStart, segment.count], 8 * i);
    floats.set([segment.learningRate, segment.weightDecay], 8 * i + 4);
  }
  const groups: SegmentGroup[] = [];
  for (let first = 0; first < segments.length; ) {
    const { slab, line, state } = segments[first] as Segment;
    const rest = segments.slice(first, first + MOST_SEGMENTS);
    const other = rest.findIndex((next) => next.slab !== slab || next.line !== line || next.state !== state);
    const members = other < 0 ? rest : rest.slice(0, other);
    const largest = members.reduce((most, { count }) => Math.max(most, count), 0);
    const values = members.reduce((sum, { count }) => sum + count, 0);
    const workgroups = Math.min(MOST_WORKGROUPS, Math.ceil(largest / 4096));
    groups.push({ slab, line, state, first, count: members.length, values, workgroups });
    first += members.length;
  }
  return { segments, groups, words };
}

/** Where a store keeps a parameter: index of the slab and first element. */
export function slabPlace(
  store: ParameterStore,
  parameter: Parameter,
): { readonly slab: number; readonly start: number } {
  const slab = store.slabs.findIndex(({ members }) => members.has(parameter));
  return { slab, start: store.slabs[slab]?.members.get(parameter) ?? 0 };
}

/** What a segment has beside its places. */
export interface SegmentOptions {
  readonly state?: { readonly slab: number; readonly start: number };
  readonly learningRate?: number;
  readonly weightDecay?: number;
}

/** The segments of all parameters of a layout. */
export function segmentsOf(
  store: ParameterStore,
  layout: LineLayout,
  options: (parameter: Parameter) => SegmentOptions = () => ({}),
): Segment[] {
  return [...layout.places].map(([parameter, { line, start: lineStart }]) => {
    const { slab, start: slabStart } = slabPlace(store, parameter);
    const { state = { slab: 0, start: 0 }, learningRate = 1, weightDecay = 0 } = options(parameter);
    const places = { slab, slabStart, line, lineStart, state: state.slab, stateStart: state.start };
    return { parameter, ...places, count: elementCount(parameter.shape), learningRate, weightDecay };
  });
}
