/**
 * Lines: many small tensors behind each other in a few large ones, so that one dispatch reaches all of them.
 *
 * Gradients come from hundreds of kernels. The planner lets each write its result straight into a line (`joinFlat`),
 * and the optimiser walks through the lines. Results of one kernel go to different lines, because WebGPU binds a buffer
 * for writing once per dispatch only: batch norm's gradients of weight and bias, for example.
 */
import { elementCount, type Parameter, type Tensor } from '@infnet/core';
import { joinFlat } from '@infnet/nn/kernels';

/** Elements of the longest line: 64 MiB, half of what every device can bind. */
const LONGEST = 2 ** 24;
/** Parts start at multiples of this, so that kernels can load four values at once. */
const ALIGNMENT = 64;

/** Where a tensor lies. */
export interface LinePlace {
  readonly line: number;
  /** First element in the line. */
  readonly start: number;
}

export interface LineLayout {
  /** Elements of each line. */
  readonly lengths: readonly number[];
  readonly places: ReadonlyMap<Parameter, LinePlace>;
}

/** Deals the values of parameters (gradients, new statistics) to lines, in their order. */
export function layOutLines(values: ReadonlyMap<Parameter, Tensor>): LineLayout {
  const all = new Set(values.values());
  const lengths: number[] = [];
  /** The line that the results of each rank go to. */
  const open: number[] = [];
  const places = new Map<Parameter, LinePlace>();
  for (const [parameter, tensor] of values) {
    const rank = rankOf(tensor, all);
    const count = Math.ceil(elementCount(tensor.shape) / ALIGNMENT) * ALIGNMENT;
    const current = open[rank];
    const fits = current !== undefined && (lengths[current] as number) + count <= LONGEST;
    const line = fits ? current : lengths.length;
    open[rank] = line;
    const start = fits ? (lengths[line] as number) : 0;
    lengths[line] = start + count;
    places.set(parameter, { line, start });
  }
  return { lengths, places };
}

/** How many results of the same node, among those of interest, come before this one. */
function rankOf(tensor: Tensor, all: ReadonlySet<Tensor>): number {
  const results: readonly Tensor[] = tensor.producer?.outputs ?? [];
  return results.slice(0, results.indexOf(tensor)).filter((result) => all.has(result)).length;
}

/** The lines as tensors. */
export function joinLines(values: ReadonlyMap<Parameter, Tensor>, layout: LineLayout): readonly Tensor[] {
  const lines = layout.lengths.map((length) => ({ length, tensors: [] as Tensor[], starts: [] as number[] }));
  for (const [parameter, tensor] of values) {
    const { line, start } = layout.places.get(parameter) as LinePlace;
    lines[line]?.tensors.push(tensor);
    lines[line]?.starts.push(start);
  }
  return lines.map(({ tensors, starts, length }) => joinFlat(tensors, starts, length));
}
