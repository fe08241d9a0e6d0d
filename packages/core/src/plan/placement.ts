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
import { addTo } from '../graph/multi-map.js';
import type { Placement } from '../graph/operator.js';
import type { Tensor } from '../graph/tensor.js';
import { type Parameter, ParameterSlab } from '../module/parameter.js';
import { elementCount } from '../tensor/types.js';
import { type LinksSoFar, type NewLink, StorageUse } from './storage-use.js';

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

/** A link, and where it leads: a tensor is linked when nothing lies in it yet and its parent's place is settled. */
interface Placed extends Link {
  readonly root: Tensor;
  /** Elements from the start of a batch item of `root`. */
  readonly rootOffset: number;
  /** The outermost tensor that still has the batch items of this one. */
  readonly frame: Tensor;
}

export class PlacementTable {
  readonly #links = new Map<Tensor, Placed>();
  readonly #placements: ReadonlyMap<GraphNode, Placement>;
  readonly #producer = new Map<Tensor, GraphNode>();
  /** In the order of the nodes, each once. */
  readonly #consumers = new Map<Tensor, GraphNode[]>();
  readonly #uses = new Map<GraphNode, StorageUse>();
  readonly #fixed: Set<Tensor>;
  /**
   * Where in `nodes` parameters are changed in place: a node that reads a part of one afterwards gets a copy of its old
   * values.
   */
  readonly #changed = new Map<Tensor, number>();
  readonly #position: ReadonlyMap<GraphNode, number>;
  readonly #results: Set<Tensor>;
  readonly #soFar: LinksSoFar = {
    producerOf: (tensor) => this.#producer.get(tensor),
    parentOf: (tensor) => this.#links.get(tensor)?.parent,
    rootOf: (tensor) => this.#links.get(tensor)?.root ?? tensor,
  };

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
    const placements = new Map<GraphNode, Placement>();
    for (const node of nodes) {
      const placement = node.operator.placement?.(node.attributes);
      if (placement !== undefined) placements.set(node, placement);
      for (const output of node.outputs) this.#producer.set(output, node);
      for (const input of new Set(node.inputs)) addTo(this.#consumers, input, node);
    }
    this.#placements = placements;
    this.#position = new Map(nodes.map((node, at) => [node, at]));
    this.#updateInPlace(graph, nodes);
    // The outermost join first, so that an inner one finds its result placed and follows it.
    for (const node of [...placements.keys()].reverse()) {
      const placement = placements.get(node) as Placement;
      if (placement.kind === 'joinChannels') this.#join(node);
      if (placement.kind === 'joinFlat') this.#joinFlat(node, placement.starts);
    }
    for (const [node, placement] of placements) {
      if (placement.kind === 'channelRanges') this.#ranges(node, placement.starts);
      if (placement.kind === 'reshape') this.#reshape(node);
    }
  }

  locate(tensor: Tensor): Location {
    const { root, rootOffset: offset, frame } = this.#links.get(tensor) ?? unplaced(tensor);
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

  /** Puts the results of optimisers' steps where the parameters are. */
  #updateInPlace(graph: Graph, nodes: readonly GraphNode[]): void {
    const updated = new Map<Tensor, Parameter[]>();
    for (const [parameter, value] of graph.updates) addTo(updated, value, parameter);
    for (const node of nodes) {
      for (const [output, input] of node.operator.updatesInPlace ?? []) {
        const [from, to] = [node.inputs[input], node.outputs[output]];
        if (from === undefined || to === undefined) continue;
        const parameter = updated.get(to)?.find((each) => graph.parameters.get(each) === from);
        const written = writtenWith(graph, parameter, from);
        const later = written.some((tensor) => this.#lastUse(tensor) > this.#positionOf(node));
        if (parameter === undefined || later) throw notInPlace(node, input, later);
        this.#link(to, { parent: from, offset: 0 });
        for (const tensor of written) this.#changed.set(tensor, this.#positionOf(node));
      }
    }
  }

  #join(node: GraphNode): void {
    const [whole] = node.outputs;
    const channel = innerSize(whole);
    let start = 0;
    for (const part of node.inputs) {
      this.#tryLink(part, { parent: whole, offset: start * channel }, true);
      start += part.shape[1] ?? 0;
    }
  }

  #joinFlat(node: GraphNode, starts: readonly number[]): void {
    const [parent] = node.outputs;
    for (const [i, part] of node.inputs.entries()) {
      this.#tryLink(part, { parent, offset: starts[i] as number, flat: true }, true);
    }
  }

  #ranges(node: GraphNode, starts: readonly number[]): void {
    const [whole] = node.inputs;
    if (whole === undefined) return;
    const channel = innerSize(whole);
    for (const [i, part] of node.outputs.entries()) {
      this.#tryLink(part, { parent: whole, offset: (starts[i] as number) * channel }, false);
    }
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
    const { parent } = link;
    const root = this.#soFar.rootOf(parent);
    const producer = this.#producer.get(child);
    const consumers = this.#consumers.get(child) ?? [];
    if (childIsWritten && (producer === undefined || this.#fixed.has(root))) return;
    const changed = this.#changed.get(root) ?? Number.POSITIVE_INFINITY;
    if (this.#lastUse(child, childIsWritten ? producer : undefined) > changed) return;
    const touching = producer !== undefined && childIsWritten ? [producer, ...consumers] : consumers;
    if (touching.some((node) => !this.#placements.has(node) && node.operator.takesViews === false)) return;
    const affected = producer === undefined ? consumers : [producer, ...consumers];
    const added: NewLink = { child, parent, root };
    if (affected.some((node) => this.#useOf(node).refuses(added))) return;
    for (const node of affected) this.#useOf(node).add(added);
    this.#link(child, link);
  }

  #link(child: Tensor, link: Link): void {
    const { root, rootOffset, frame } = this.#links.get(link.parent) ?? unplaced(link.parent);
    const own = link.flat === true ? child : frame;
    this.#links.set(child, { ...link, root, rootOffset: rootOffset + link.offset, frame: own });
  }

  #useOf(node: GraphNode): StorageUse {
    let use = this.#uses.get(node);
    if (use === undefined) {
      use = new StorageUse(node, this.#placements.has(node), this.#soFar);
      this.#uses.set(node, use);
    }
    return use;
  }

  /** Where in `nodes` a tensor is read last; -1: never. Who writes it, if that counts, comes before. */
  #lastUse(tensor: Tensor, producer?: GraphNode): number {
    const last = this.#consumers.get(tensor)?.at(-1) ?? producer;
    return last === undefined ? -1 : this.#positionOf(last);
  }

  #positionOf(node: GraphNode): number {
    return this.#position.get(node) as number;
  }
}

function unplaced(tensor: Tensor): Omit<Placed, keyof Link> {
  return { root: tensor, rootOffset: 0, frame: tensor };
}

/** The tensors whose memory an update in place changes: the parameter's, and those of a slab's members. */
function writtenWith(graph: Graph, parameter: Parameter | undefined, tensor: Tensor): readonly Tensor[] {
  const members = parameter instanceof ParameterSlab ? [...parameter.members.keys()] : [];
  return [tensor, ...members.flatMap((member) => graph.parameters.get(member) ?? [])];
}

function notInPlace({ operator, scope }: GraphNode, input: number, later: boolean): InfnetError {
  return new InfnetError({
    code: 'GRAPH_UPDATE',
    message: `"${operator.name}" updates in place, but its input ${input} is ${later ? 'read afterwards' : 'no parameter with graph.update'}`,
    where: scope,
    fix: 'Apply it last, to a parameter of the trace, and register the result with graph.update(parameter, result).',
  });
}

/** Elements of one channel. */
function innerSize(tensor: Tensor): number {
  return elementCount(tensor.shape.slice(2));
}

/** Elements of one batch item of a contiguous tensor. */
export function batchSize(tensor: Tensor): number {
  return elementCount(tensor.shape.slice(1));
}
