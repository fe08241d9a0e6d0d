/** Operands of a call, declared once: how options and parameters name their ranges, and how long buffers must be. */
import type { Shape } from '../tensor/types.js';
import { type LineCallFields, lineCall, type OperandRange, rangeParams, wholeRange } from './call.js';
import { dispatchLine, type Kernel, type KernelCall } from './kernel.js';
import { type OptionTable, type SizedOperand, sizedCall } from './options.js';
import { type DealtRows, dealRows } from './sum-partials.js';

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

/** What a call is made of beside its kernel. */
export interface PlacedCallFields extends LineCallFields {
  /** Operands by the names of their bindings, with their shapes. */
  readonly operands: Readonly<Record<string, Shape>>;
  readonly ranges?: Readonly<Record<string, OperandRange | undefined>> | undefined;
  /** How many elements the buffers of other bindings must have. */
  readonly elements?: Readonly<Record<string, number>>;
}

/**
 * The call of a kernel that runs one line of invocations (`lineCall`), whose operands lie where their ranges say.
 *
 * @throws InfnetError `KERNEL_RANGE`.
 */
export function placedCall(where: string, kernel: Kernel, fields: PlacedCallFields): KernelCall {
  const { operands, ranges, elements, ...line } = fields;
  const { params, sizes } = placeOperands(operands, ranges);
  const call = lineCall(kernel, { ...line, params: { ...params, ...line.params } });
  return sizedCall(where, call, { ...sizes, ...elements });
}

export interface RowsCallFields extends Omit<PlacedCallFields, 'invocations' | 'elements' | 'params'> {
  /** Default: none beside those of operands and rows. */
  readonly params?: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly rowSize: number;
  /** Floats that a workgroup writes. Default 1. */
  readonly parts?: number;
}

/**
 * The first dispatch of a sum over rows (`dealRows`), binding `partial` beside its operands.
 *
 * @throws InfnetError `KERNEL_RANGE`.
 */
export function rowsCall(
  where: string,
  kernel: Kernel,
  fields: RowsCallFields,
): Omit<SumCalls, 'total'> & { readonly dealt: DealtRows } {
  const { operands, ranges, rows, rowSize, parts = 1, constants = {}, params = {}, flops, values } = fields;
  const dealt = dealRows(rows, rowSize);
  const partialCount = parts * dealt.count;
  const placed = placeOperands(operands, ranges);
  const call: KernelCall = {
    kernel,
    constants,
    params: { ...placed.params, ...params, ...dealt },
    workgroups: dispatchLine(dealt.count),
    flops,
    bytes: 4 * (values + partialCount),
  };
  return { partial: sizedCall(where, call, { ...placed.sizes, partial: partialCount }), partialCount, dealt };
}
