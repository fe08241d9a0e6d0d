/** New running statistics of batch norms: gathered into lines, looked at, and stored unless the step is void. */
import type { Graph, Parameter, Tensor } from '@infnet/core';
import { joinLines, layOutLines } from '../optimizer/lines.js';
import { storeValuesUpdate, type UpdateTensors, updateSlabs } from '../optimizer/operators.js';
import type { Optimizer } from '../optimizer/optimizer.js';
import { type SegmentTable, segmentsOf, segmentTable } from '../optimizer/segments.js';

export const BUFFER_SEGMENTS = 'step/buffer segments';

/** New running statistics, on their way. */
export interface NewStatistics {
  readonly lines: readonly Tensor[];
  readonly table: SegmentTable;
  readonly segments: Tensor;
}

/** Gathers the new running statistics, so that a few dispatches look at them and store them all. */
export function gatherStatistics(graph: Graph, { parameters: store }: Optimizer): NewStatistics | undefined {
  const values = new Map<Parameter, Tensor>();
  for (const [parameter, value] of graph.updates) {
    if (parameter.role === 'buffer' && store.has(parameter)) values.set(parameter, value);
  }
  if (values.size === 0) return undefined;
  for (const parameter of values.keys()) graph.updates.delete(parameter);
  const layout = layOutLines(values);
  const lines = joinLines(values, layout);
  // Counted among the slabs of buffers only.
  const first = store.slabs.findIndex(({ role }) => role === 'buffer');
  const table = segmentTable(segmentsOf(store, layout).map((segment) => ({ ...segment, slab: segment.slab - first })));
  const segments = graph.input(BUFFER_SEGMENTS, { shape: [table.segments.length, 8], dtype: 'u32' });
  return { lines, table, segments };
}

/** Stores them, and only if the step is not void. */
export function storeStatistics(
  graph: Graph,
  { parameters }: Optimizer,
  { lines, table, segments }: NewStatistics,
  decision: Pick<UpdateTensors, 'numbers' | 'control'>,
): void {
  const slabs = parameters.slabs.filter(({ role }) => role === 'buffer');
  updateSlabs(graph, storeValuesUpdate(table, slabs.length), { ...decision, segments, slabs, lines });
}
