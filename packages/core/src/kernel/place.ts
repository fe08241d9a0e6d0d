/** Operands of a call, declared once: how options and parameters name their ranges, and how long buffers must be. */
import type { Shape } from '../tensor/types.js';
import { type OperandRange, rangeParams, wholeRange } from './call.js';
import type { KernelCall } from './kernel.js';
import type { OptionTable, SizedOperand } from './options.js';

/** Where operands lie; those that do not say it lie in their buffers from the first element on. */
export type OperandRanges<Name extends string> = Partial<Readonly<Record<Name, OperandRange>>>;

/** The two dispatches of a sum over many values. What they bind stands at the function that makes them. */
export interface SumCalls {
  /** Sums per workgroup, into `partial`. */
  readonly partial: KernelCall;
  /** Of `partial` the result. */
  readonly total: KernelCall;
  /** Floats of `partial`. */
  readonly partialCount: number;
}

/** Operands by the names of their bindings. */
export interface PlacedOperands {
  readonly ranges: Readonly<Record<string, OperandRange>>;
  /** `xOffset` and `xBatchStride` of each, as `struct Params` names them. */
  readonly params: Readonly<Record<string, number>>;
  /** For `sizedCall`. */
  readonly sizes: Readonly<Record<string, SizedOperand>>;
}

/** Places operands of these shapes. */
export function placeOperands(
  shapes: Readonly<Record<string, Shape>>,
  ranges: Readonly<Record<string, OperandRange | undefined>> = {},
): PlacedOperands {
  const placed = Object.entries(shapes).map(
    ([name, shape]) => [name, [shape, ranges[name] ?? wholeRange(shape)]] as const,
  );
  const found = Object.fromEntries(placed.map(([name, [, range]]) => [name, range]));
  return { ranges: found, params: rangeParams(found), sizes: Object.fromEntries(placed) };
}

/** Operands of one shape. */
export function alike(shape: Shape, ...names: readonly string[]): Readonly<Record<string, Shape>> {
  return Object.fromEntries(names.map((name) => [name, shape]));
}

/** `ranges` in a table for `checkOptions`. */
export function rangeTable(...names: readonly string[]): { readonly 'ranges?': OptionTable } {
  return { 'ranges?': Object.fromEntries(names.map((name) => [`${name}?`, 'range' as const])) };
}
