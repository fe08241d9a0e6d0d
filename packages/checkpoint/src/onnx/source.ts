/**
 * What the exporter needs to see of a traced net. `Graph` of @infnet/core has this form; the package knows it by the form
 * only, so that it reads and writes files without any GPU library.
 */

/** A tensor of the trace. It is told from others by identity. */
export interface OnnxSourceTensor {
  readonly shape: readonly number[];
  /** `f32`, `i32` or `u32`. */
  readonly dtype: string;
}

/** An operator applied to tensors. */
export interface OnnxSourceNode {
  readonly operator: { readonly name: string };
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
