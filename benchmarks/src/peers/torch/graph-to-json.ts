/** A trace as plain data for a program in another language: numbered tensors, values in one block of float32. */
import type { Tensor } from '@infnet/core';
import type { Traced } from '../workloads.js';

export interface GraphJson {
  readonly nodes: readonly {
    readonly operator: string;
    readonly scope: string;
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
  }[];
  readonly inputs: readonly Stored[];
  readonly parameters: readonly (Stored & { readonly trained: boolean })[];
  readonly outputs: readonly { readonly name: string; readonly tensor: number }[];
  /** Outputs that a timed run reads. */
  readonly timed: readonly string[];
}

/** A tensor whose values are in the block, from element `offset` on. */
export interface Stored {
  readonly name: string;
  readonly tensor: number;
  readonly shape: readonly number[];
  readonly offset: number;
}

export function graphToJson({ graph, state, inputs, timed }: Traced): {
  readonly json: GraphJson;
  readonly values: Float32Array;
} {
  const blocks: Float32Array[] = [];
  let length = 0;
  const store = (name: string, { id, shape }: Tensor, data: ArrayLike<number>): Stored => {
    const block = Float32Array.from(data);
    blocks.push(block);
    const offset = length;
    length += block.length;
    return { name, tensor: id, shape, offset };
  };
  const ids = (tensors: readonly Tensor[]): number[] => tensors.map(({ id }) => id);
  const weights = state();
  const json: GraphJson = {
    nodes: graph.nodes.map((node) => ({
      operator: node.operator.name,
      scope: node.scope,
      attributes: node.attributes,
      inputs: ids(node.inputs),
      outputs: ids(node.outputs),
    })),
    inputs: [...graph.inputs].map(([name, tensor]) => store(name, tensor, inputs[name] as Float32Array)),
    parameters: [...graph.parameters].map(([{ name, role }, tensor]) => ({
      ...store(name, tensor, weights.get(name)?.data ?? []),
      trained: role === 'parameter',
    })),
    outputs: [...graph.outputs].map(([name, { id }]) => ({ name, tensor: id })),
    timed,
  };
  const values = new Float32Array(length);
  let at = 0;
  for (const block of blocks) {
    values.set(block, at);
    at += block.length;
  }
  return { json, values };
}
