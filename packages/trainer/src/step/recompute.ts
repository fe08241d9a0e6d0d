/**
 * Recomputation: intermediates of the forward pass that only gradients need are thrown away and computed again, block
 * by block, when the backward pass gets there. About one forward pass more of work, for memory that holds the results
 * of blocks and the inside of one block, instead of the inside of all.
 *
 * A rewrite of the traced graph: the nodes of the backward pass get copies of the forward nodes whose results they
 * need, right before the first of them. The copies run the same kernels on the same values, so the gradients have the
 * same bits.
 */
import { type Graph, type GraphNode, operandAt, type Tensor } from '@infnet/core';

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
  const inner = innerTensors(graph.nodes.slice(0, forward), blockOf, kept);
  const again = new Map<Tensor, Tensor>();
  const nodes: GraphNode[] = [];
  const available = (tensor: Tensor): Tensor => (inner.has(tensor) ? (again.get(tensor) ?? tensor) : tensor);
  const repeat = ({ operator, inputs, attributes, outputs, scope }: GraphNode): void => {
    const copy = graph.makeNode(operator, inputs.map(available), attributes, `${scope} (again)`.trimStart());
    nodes.push(copy);
    for (const [i, output] of outputs.entries()) again.set(output, operandAt(copy.outputs, i));
  };
  /** Depth first, by a list of its own: a block may have more layers than calls fit on the stack. */
  const repeatFor = (wanted: Tensor): void => {
    const open: { readonly producer: GraphNode; next: number }[] = [];
    const enter = (tensor: Tensor): void => {
      const producer = again.has(tensor) ? undefined : inner.get(tensor);
      if (producer !== undefined) open.push({ producer, next: 0 });
    };
    enter(wanted);
    for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
      const input = last.producer.inputs[last.next++];
      if (input !== undefined) enter(input);
      else {
        open.pop();
        repeat(last.producer);
      }
    }
  };
  for (const node of graph.nodes.slice(forward)) {
    for (const input of node.inputs) repeatFor(input);
    nodes.push({ ...node, inputs: node.inputs.map(available) });
  }
  graph.nodes.length = forward;
  for (const node of nodes) graph.nodes.push(node);
}

/** What the forward pass uses only inside the block that computed it, with the nodes that did. */
function innerTensors(
  nodes: readonly GraphNode[],
  blockOf: BlockOf,
  kept: ReadonlySet<Tensor>,
): ReadonlyMap<Tensor, GraphNode> {
  const inner = new Map<Tensor, { readonly block: string; readonly node: GraphNode }>();
  for (const node of nodes) {
    const block = blockOf(node.scope);
    if (block === undefined) continue;
    for (const output of node.outputs) if (!kept.has(output)) inner.set(output, { block, node });
  }
  for (const { scope, inputs } of nodes) {
    const block = blockOf(scope);
    for (const input of inputs) if (inner.get(input)?.block !== block) inner.delete(input);
  }
  return new Map([...inner].map(([tensor, { node }]) => [tensor, node]));
}
