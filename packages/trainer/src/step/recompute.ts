/**
 * Recomputation: intermediates of the forward pass that only gradients need are thrown away and computed again, block
 * by block, when the backward pass gets there. About one forward pass more of work, for memory that holds the results
 * of blocks and the inside of one block, instead of the inside of all.
 *
 * A rewrite of the traced graph: the nodes of the backward pass get copies of the forward nodes whose results they
 * need, right before the first of them. The copies run the same kernels on the same values, so the gradients have the
 * same bits.
 */
import type { Graph, GraphNode, Tensor } from '@infnet/core';

/** The block that a module path belongs to; what is in no block is kept. */
export type BlockOf = (path: string) => string | undefined;

/**
 * The path up to its first number, or its first part: `resnet.layer1.0.convs.2` is in `resnet.layer1.0`,
 * `ra4_conv2.conv` in `ra4_conv2`. What the root itself does is in no block.
 */
export const numberedBlock: BlockOf = (path) => {
  if (path === '') return undefined;
  const parts = path.split('.');
  const number = parts.findIndex((part) => /^\d+$/.test(part));
  return parts.slice(0, number < 0 ? 1 : number + 1).join('.');
};

/**
 * Rewrites `graph` so that what blocks computed on the way is computed again where it is needed.
 *
 * @param forward how many of the graph's nodes, from the first on, are the forward pass.
 * @param kept tensors to keep in any case (asked for, new running statistics).
 */
export function recompute(graph: Graph, forward: number, blockOf: BlockOf, kept: ReadonlySet<Tensor>): void {
  const before = graph.nodes.slice(0, forward);
  const inner = innerTensors(before, blockOf, kept);
  const producers = new Map(before.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const again = new Map<Tensor, Tensor>();
  const nodes: GraphNode[] = [];
  const available = (tensor: Tensor): Tensor => {
    if (!inner.has(tensor)) return tensor;
    if (!again.has(tensor)) {
      const { operator, inputs, attributes, outputs, scope } = producers.get(tensor) as GraphNode;
      const copy = graph.makeNode(operator, inputs.map(available), attributes, `${scope} (again)`.trimStart());
      nodes.push(copy);
      for (const [i, output] of outputs.entries()) again.set(output, copy.outputs[i] as Tensor);
    }
    return again.get(tensor) as Tensor;
  };
  for (const node of graph.nodes.slice(forward)) {
    const inputs = node.inputs.map(available);
    nodes.push({ ...node, inputs });
  }
  graph.nodes.splice(forward, graph.nodes.length, ...nodes);
}

/** What the forward pass uses only inside the block that computed it. */
function innerTensors(nodes: readonly GraphNode[], blockOf: BlockOf, kept: ReadonlySet<Tensor>): Set<Tensor> {
  const blocks = new Map<Tensor, string>();
  for (const { scope, outputs } of nodes) {
    const block = blockOf(scope);
    if (block === undefined) continue;
    for (const output of outputs) if (!kept.has(output)) blocks.set(output, block);
  }
  for (const { scope, inputs } of nodes) {
    const block = blockOf(scope);
    for (const input of inputs) if (blocks.get(input) !== block) blocks.delete(input);
  }
  return new Set(blocks.keys());
}
