/**
 * What the exporter needs to see of a traced net. `Graph` of @infnet/core has this form; the package knows it by the
 * form only, so that it reads and writes files without any GPU library.
 */

/** A tensor of the trace. It is told from others by identity. */
export interface OnnxSourceTensor {
  readonly shape: readonly number[];
  /** `f32`, `i32` or `u32`. */
  readonly dtype: string;
}

/** An operator. What it computes its object says, not its name: see {@link standardName}. */
export interface OnnxSourceOperator {
  readonly name: string;
}

/**
 * The name under which `standardOperator` of @infnet/core made an operator known; undefined for any other one, whatever
 * it is called. The mark holds the operator itself, so that a copy has none.
 */
export function standardName(operator: OnnxSourceOperator): string | undefined {
  const mark = (operator as unknown as Readonly<Record<symbol, unknown>>)[Symbol.for('infnet.standardOperator')];
  return mark === operator ? operator.name : undefined;
}

/** An operator applied to tensors. */
export interface OnnxSourceNode {
  readonly operator: OnnxSourceOperator;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly inputs: readonly OnnxSourceTensor[];
  readonly outputs: readonly OnnxSourceTensor[];
  /** Path of the module that made it. */
  readonly scope: string;
}

/** A traced net: nodes in an order in which they can run. */
export interface OnnxSource {
  readonly nodes: readonly OnnxSourceNode[];
  readonly inputs: ReadonlyMap<string, OnnxSourceTensor>;
  /** Each parameter, which has its state-dict key as name, and the tensor that stands for it. */
  readonly parameters: ReadonlyMap<{ readonly name: string }, OnnxSourceTensor>;
  readonly outputs: ReadonlyMap<string, OnnxSourceTensor>;
  /** New values of parameters: a net in training mode has some, and cannot be exported. */
  readonly updates?: ReadonlyMap<unknown, unknown>;
}

/** Values of parameters by state-dict key. */
export type OnnxState = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly data: ArrayLike<number | bigint> }
>;
