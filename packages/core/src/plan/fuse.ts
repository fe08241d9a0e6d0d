/**
 * Fusion: asks each node, in order, whether it can do its producer's or its consumer's work as well.
 *
 * The planner knows no operator by name; the rules stand beside the operators (`absorbConsumer`, `absorbProducer`).
 * What is checked here is what makes any such rule safe: the value between the two is used once, and is not asked for.
 * A fused node stands where the later of the two stood, so everything it needs has been computed; whoever reads further
 * outputs of the earlier one (the statistics of a batch norm) must come after that. Finally each node may have its
 * constant inputs converted, when what it does and by which algorithm is settled.
 */
import type { Graph, GraphNode } from '../graph/graph.js';
import type { Replacement, RewriteContext } from '../graph/operator.js';
import type { Tensor } from '../graph/tensor.js';

export interface FuseOptions extends Pick<RewriteContext, 'device' | 'precision'> {
  /** Whether parameters stay the same between runs, so that what follows from them alone is computed once. */
  readonly frozenParameters: boolean;
}

/** The nodes of `graph` after fusion, in an order in which they can run. The graph itself is not changed. */
export function fuse(graph: Graph, options: FuseOptions): GraphNode[] {
  return new Fuser(graph, options).run();
}

/** Which tensors are the same in every run: parameters (if frozen) and what is computed from them only. */
export function constantTensors(graph: Graph, nodes: readonly GraphNode[], frozenParameters: boolean): Set<Tensor> {
  const constants = new Set<Tensor>(frozenParameters ? graph.parameters.values() : []);
  for (const node of nodes) {
    if (node.inputs.length > 0 && node.inputs.every((input) => constants.has(input))) {
      for (const output of node.outputs) constants.add(output);
    }
  }
  return constants;
}

class Fuser {
  readonly #slots: (GraphNode | undefined)[];
  /** Nodes that a rule added, before the slot they are needed in. */
  readonly #added = new Map<number, GraphNode[]>();
  readonly #position = new Map<GraphNode, number>();
  readonly #producer = new Map<Tensor, GraphNode>();
  readonly #consumers = new Map<Tensor, Set<GraphNode>>();
  readonly #constants: Set<Tensor>;
  readonly #results: Set<Tensor>;

  constructor(
    readonly graph: Graph,
    readonly options: FuseOptions,
  ) {
    this.#slots = [...graph.nodes];
    this.#results = new Set([...graph.outputs.values(), ...graph.updates.values()]);
    this.#constants = constantTensors(graph, graph.nodes, options.frozenParameters);
    for (const [at, node] of graph.nodes.entries()) this.#place(node, at);
  }

  run(): GraphNode[] {
    for (let at = 0; at < this.#slots.length; at++) {
      let node = this.#slots[at];
      while (node !== undefined) {
        if (this.#absorbProducer(node, at)) node = this.#slots[at];
        else if (this.#absorbConsumer(node, at)) node = undefined;
        else break;
      }
    }
    for (const [at, node] of this.#slots.entries()) {
      const converted = node?.operator.convertConstants?.(node, this.#rewrite(node, at));
      if (node !== undefined && converted !== undefined) this.#replace(node, node, converted, node.scope, at, at);
    }
    return this.#slots.flatMap((node, at) => [...(this.#added.get(at) ?? []), ...(node === undefined ? [] : [node])]);
  }

  #absorbConsumer(node: GraphNode, at: number): boolean {
    const consumer = this.#soleConsumer(node.outputs[0]);
    if (consumer === undefined || node.operator.absorbConsumer === undefined) return false;
    const to = this.#position.get(consumer) as number;
    if (node.outputs.slice(1).some((output) => this.#isReadBefore(output, to))) return false;
    const fused = node.operator.absorbConsumer(node, consumer, this.#rewrite(node, to));
    if (fused === undefined) return false;
    this.#replace(node, consumer, fused, node.scope, at, to);
    return true;
  }

  #absorbProducer(node: GraphNode, at: number): boolean {
    if (node.operator.absorbProducer === undefined) return false;
    for (const [index, input] of node.inputs.entries()) {
      const producer = this.#producer.get(input);
      if (producer === undefined || producer.outputs.length > 1 || this.#soleConsumer(input) !== node) continue;
      if (node.inputs.filter((other) => other === input).length > 1) continue;
      const fused = node.operator.absorbProducer(node, index, producer, this.#rewrite(node, at));
      if (fused === undefined) continue;
      this.#replace(producer, node, fused, node.scope, this.#position.get(producer) as number, at);
      return true;
    }
    return false;
  }

  /** The only node that uses a tensor, provided that nobody asked for that tensor itself. */
  #soleConsumer(tensor: Tensor | undefined): GraphNode | undefined {
    if (tensor === undefined || this.#results.has(tensor)) return undefined;
    const consumers = this.#consumers.get(tensor);
    return consumers?.size === 1 ? [...consumers][0] : undefined;
  }

  #isReadBefore(tensor: Tensor, at: number): boolean {
    return [...(this.#consumers.get(tensor) ?? [])].some((node) => (this.#position.get(node) as number) < at);
  }

  /**
   * Puts a fused node where `last` stood; it takes over the outputs of `last`, and those of `first` but the one
   * between.
   */
  #replace(first: GraphNode, last: GraphNode, by: Replacement, scope: string, from: number, to: number): void {
    this.#remove(first, from);
    this.#remove(last, to);
    const { operator, inputs, attributes } = by;
    const outputs: GraphNode['outputs'] = first === last ? last.outputs : [...last.outputs, ...first.outputs.slice(1)];
    this.#place({ operator, inputs, attributes, outputs, scope }, to);
  }

  #place(node: GraphNode, at: number): void {
    this.#slots[at] = node;
    this.#position.set(node, at);
    this.#link(node);
  }

  #link(node: GraphNode): void {
    for (const output of node.outputs) this.#producer.set(output, node);
    for (const input of node.inputs) {
      const consumers = this.#consumers.get(input) ?? new Set();
      this.#consumers.set(input, consumers.add(node));
    }
  }

  #remove(node: GraphNode, at: number): void {
    this.#slots[at] = undefined;
    this.#position.delete(node);
    for (const input of node.inputs) this.#consumers.get(input)?.delete(node);
    for (const output of node.outputs) if (this.#producer.get(output) === node) this.#producer.delete(output);
  }

  #rewrite(node: GraphNode, at: number): RewriteContext {
    return {
      device: this.options.device,
      precision: this.options.precision,
      isConstant: (tensor) => this.#constants.has(tensor),
      apply: (operator, inputs, attributes) => {
        const made = this.graph.makeNode(operator, inputs, attributes, node.scope);
        this.#added.set(at, [...(this.#added.get(at) ?? []), made]);
        this.#link(made);
        if (inputs.every((input) => this.#constants.has(input))) {
          for (const output of made.outputs) this.#constants.add(output);
        }
        return made.outputs;
      },
    };
  }
}
