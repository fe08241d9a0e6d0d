/**
 * Placement: which tensors are parts of other tensors' memory, so that concatenation and splitting cost nothing.
 *
 * A `joinChannels` node is free when its inputs' producers write straight into their channel ranges of the result, a
 * `joinFlat` node when they write straight into their stretches of the line; a `channelRanges` node is free when its
 * outputs' consumers read straight from the ranges of its input. Both are noted as links child -> parent. A link is
 * refused, and a copy stays, where it would be wrong:
 *
 *  - the child is owned by somebody else (an input, a parameter, a constant), is asked for as an output, or has a link;
 *  - a kernel that touches the child cannot take views: its operator says so, or its text shows it (see schedule.ts);
 *  - one kernel would read and write the same storage (WebGPU refuses one buffer as `read` and `read_write` in
 *    one dispatch), unless its operator says it can (`sharesStorage`);
 *  - one kernel would write two results into one storage (WebGPU refuses two writable bindings that overlap).
 */
import { InfnetError } from '@infnet/errors';
import type { Graph, GraphNode } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import { type Parameter, ParameterSlab } from '../module/parameter.js';
import { elementCount } from '../tensor/types.js';

interface Link {
  readonly parent: Tensor;
  /** Elements from the start of a batch item of the parent to the start of that of the child. */
  readonly offset: number;
  /** The child is contiguous in the parent, whose batch items are not the child's. */
  readonly flat?: boolean;
}

/** Where a tensor lies: in the storage of `root`, which is a tensor that has storage of its own. */
export interface Location {
  readonly root: Tensor;
  readonly offset: number;
  readonly batchStride: number;
}

export class PlacementTable {
  readonly #links = new Map<Tensor, Link>();
  readonly #producer = new Map<Tensor, GraphNode>();
  readonly #consumers = new Map<Tensor, GraphNode[]>();
  readonly #fixed: Set<Tensor>;
  /**
   * Where in `nodes` parameters are changed in place: a node that reads a part of one afterwards gets a copy of its old
   * values.
   */
  readonly #changed = new Map<Tensor, number>();
  readonly #position: ReadonlyMap<GraphNode, number>;
  readonly #results: Set<Tensor>;

  /**
   * Decides the placement of every tensor of `nodes`. `constants` are computed once, apart from the rest.
   *
   * @param apart tensors that must have storage of their own
   */
  constructor(
    graph: Graph,
    nodes: readonly GraphNode[],
    constants: ReadonlySet<Tensor>,
    readonly apart: ReadonlySet<Tensor> = new Set(),
  ) {
    this.#results = new Set([...graph.outputs.values(), ...graph.updates.values()]);
    this.#fixed = new Set([...graph.inputs.values(), ...graph.parameters.values(), ...constants]);
    for (const node of nodes) {
      for (const output of node.outputs) this.#producer.set(output, node);
      for (const input of new Set(node.inputs))
        this.#consumers.set(input, [...(this.#consumers.get(input) ?? []), node]);
    }
    this.#position = new Map(nodes.map((node, at) => [node, at]));
    for (const node of nodes) this.#updateInPlace(graph, nodes, node);
    // The outermost join first, so that an inner one finds its result placed and follows it.
    for (const node of [...nodes].reverse()) {
      if (kindOf(node) === 'joinChannels') this.#join(node);
      if (kindOf(node) === 'joinFlat') this.#joinFlat(node);
    }
    for (const node of nodes) {
      if (kindOf(node) === 'channelRanges') this.#ranges(node);
      if (kindOf(node) === 'reshape') this.#reshape(node);
    }
  }

  locate(tensor: Tensor): Location {
    let root = tensor;
    let offset = 0;
    // The outermost tensor that still has the batch items of this one.
    let frame: Tensor | undefined;
    for (let link = this.#links.get(root); link !== undefined; link = this.#links.get(root)) {
      if (link.flat === true) frame ??= root;
      offset += link.offset;
      root = link.parent;
    }
    frame ??= root;
    const batchStride = frame === tensor || frame.shape[0] === tensor.shape[0] ? batchSize(frame) : batchSize(tensor);
    return { root, offset, batchStride };
  }

  /** Whether a tensor lies in another one's storage. */
  isPlaced(tensor: Tensor): boolean {
    return this.#links.has(tensor);
  }

  /** How many joins, ranges and reshapes cost nothing. */
  get linkCount(): number {
    return this.#links.size;
  }

  /** Puts the results of an optimiser's step where the parameters are. */
  #updateInPlace(graph: Graph, nodes: readonly GraphNode[], node: GraphNode): void {
    for (const [output, input] of node.operator.updatesInPlace ?? []) {
      const [from, to] = [node.inputs[input], node.outputs[output]];
      if (from === undefined || to === undefined) continue;
      const parameter = [...graph.updates].find(
        ([parameter, value]) => value === to && graph.parameters.get(parameter) === from,
      );
      const written = writtenWith(graph, parameter?.[0], from);
      const later = nodes.slice(nodes.indexOf(node) + 1).some((other) => other.inputs.some((x) => written.has(x)));
      if (parameter !== undefined && !later) {
        this.#links.set(to, { parent: from, offset: 0 });
        for (const tensor of written) this.#changed.set(tensor, nodes.indexOf(node));
      } else {
        throw new InfnetError({
          code: 'GRAPH_UPDATE',
          message: `"${node.operator.name}" updates in place, but its input ${input} is ${later ? 'read afterwards' : 'no parameter with graph.update'}`,
          where: node.scope,
          fix: 'Apply it last, to a parameter of the trace, and register the result with graph.update(parameter, result).',
        });
      }
    }
  }

  #join(node: GraphNode): void {
    const [whole] = node.outputs;
    let channel = 0;
    for (const part of node.inputs) {
      this.#tryLink(part, { parent: whole, offset: channel * innerSize(whole) }, true);
      channel += part.shape[1] ?? 0;
    }
  }

  #joinFlat(node: GraphNode): void {
    const placement = node.operator.placement?.(node.attributes);
    if (placement?.kind !== 'joinFlat') return;
    const [parent] = node.outputs;
    for (const [i, part] of node.inputs.entries()) {
      this.#tryLink(part, { parent, offset: placement.starts[i] as number, flat: true }, true);
    }
  }

  #ranges(node: GraphNode): void {
    const placement = node.operator.placement?.(node.attributes);
    const [whole] = node.inputs;
    if (placement?.kind !== 'channelRanges' || whole === undefined) return;
    node.outputs.forEach((part, i) => {
      this.#tryLink(part, { parent: whole, offset: (placement.starts[i] as number) * innerSize(whole) }, false);
    });
  }

  #reshape(node: GraphNode): void {
    const [source] = node.inputs;
    const [result] = node.outputs;
    if (source === undefined) return;
    // A batch stride can only be kept when the batch dimension is; a contiguous source may take any shape.
    const contiguous = !this.#links.has(source);
    if (contiguous || source.shape[0] === result.shape[0]) this.#tryLink(result, { parent: source, offset: 0 }, false);
  }

  #tryLink(child: Tensor, link: Link, childIsWritten: boolean): void {
    if (this.#links.has(child) || this.#fixed.has(child) || this.#results.has(child) || this.apart.has(child)) return;
    const producer = this.#producer.get(child);
    const touching = [...(childIsWritten && producer ? [producer] : []), ...(this.#consumers.get(child) ?? [])];
    if (touching.some((node) => kindOf(node) === undefined && node.operator.takesViews === false)) return;
    const changed = this.#changed.get(this.locate(link.parent).root) ?? Number.POSITIVE_INFINITY;
    if (touching.some((node) => (this.#position.get(node) as number) > changed)) return;
    if (childIsWritten && (producer === undefined || this.#fixed.has(this.locate(link.parent).root))) return;
    this.#links.set(child, link);
    const affected = producer === undefined ? touching : [producer, ...touching];
    const refused = affected.some((node) => this.#readsWhatItWrites(node)) || this.#writesTwice(producer);
    if (refused) this.#links.delete(child);
  }

  /** Whether a kernel of this node would bind one storage for two of its results. */
  #writesTwice(node: GraphNode | undefined): boolean {
    if (node === undefined || kindOf(node) !== undefined) return false;
    const roots = node.outputs.map((output) => this.locate(output).root);
    return new Set(roots).size < roots.length;
  }

  /** Whether a dispatch of this node would bind one storage both for reading and for writing, and cannot. */
  #readsWhatItWrites(node: GraphNode): boolean {
    const allowed = node.operator.sharesStorage?.(node.attributes) ?? [];
    const isPlacement = kindOf(node) !== undefined;
    return node.inputs.some((input, i) => {
      if (allowed.includes(i)) return false;
      const { root } = this.locate(input);
      return node.outputs.some((output) => {
        // A placement node dispatches nothing for a pair that is linked already.
        const linked = this.#links.get(input)?.parent === output || this.#links.get(output)?.parent === input;
        return this.locate(output).root === root && !(isPlacement && linked);
      });
    });
  }
}

/** The tensors whose memory an update in place changes: the parameter's, and those of a slab's members. */
function writtenWith(graph: Graph, parameter: Parameter | undefined, tensor: Tensor): ReadonlySet<Tensor> {
  const members = parameter instanceof ParameterSlab ? [...parameter.members.keys()] : [];
  return new Set([tensor, ...members.flatMap((member) => graph.parameters.get(member) ?? [])]);
}

function kindOf(node: GraphNode): string | undefined {
  return node.operator.placement?.(node.attributes)?.kind;
}

/** Elements of one channel. */
function innerSize(tensor: Tensor): number {
  return elementCount(tensor.shape.slice(2));
}

/** Elements of one batch item of a contiguous tensor. */
export function batchSize(tensor: Tensor): number {
  return elementCount(tensor.shape.slice(1));
}
