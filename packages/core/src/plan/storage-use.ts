/**
 * Which storages a node reads and which it writes, counted, so that one more link is judged by what it changes.
 *
 * A placement asks of every link whether some kernel would then bind one storage for reading and for writing, or for
 * two results. A join of thousands of parts asks that for each of them, so no answer may look at all of its operands.
 */
import type { GraphNode } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';

/** What is known of tensors: who writes them, what they are linked to, and whose storage they lie in. */
export interface LinksSoFar {
  producerOf(tensor: Tensor): GraphNode | undefined;
  parentOf(tensor: Tensor): Tensor | undefined;
  rootOf(tensor: Tensor): Tensor;
}

/** A link that is asked about. The child has a storage of its own so far, in which nothing else lies. */
export interface NewLink {
  readonly child: Tensor;
  readonly parent: Tensor;
  /** Whose storage the parent lies in. */
  readonly root: Tensor;
}

export class StorageUse {
  readonly #node: GraphNode;
  /** It only moves data, and dispatches nothing for an input and an output of which one is linked to the other. */
  readonly #isPlacement: boolean;
  readonly #links: LinksSoFar;
  /** How often each tensor is read, where it may not lie in the storage of a result. */
  readonly #reads = new Map<Tensor, number>();
  readonly #readRoots = new Map<Tensor, number>();
  readonly #writtenRoots = new Map<Tensor, number>();
  /** Pairs of an input and an output in one storage that the node cannot work with. */
  #clashes = 0;

  constructor(node: GraphNode, isPlacement: boolean, links: LinksSoFar) {
    this.#node = node;
    this.#isPlacement = isPlacement;
    this.#links = links;
    const allowed = new Set(node.operator.sharesStorage?.(node.attributes) ?? []);
    for (const [i, input] of node.inputs.entries()) {
      if (allowed.has(i)) continue;
      add(this.#reads, input, 1);
      add(this.#readRoots, links.rootOf(input), 1);
    }
    for (const output of node.outputs) add(this.#writtenRoots, links.rootOf(output), 1);
    for (const [root, count] of this.#writtenRoots) this.#clashes += count * (this.#readRoots.get(root) ?? 0);
    if (!isPlacement) return;
    for (const [input, count] of this.#reads) {
      const parent = links.parentOf(input);
      if (parent !== undefined && this.#writes(parent)) this.#clashes -= count;
    }
    for (const output of node.outputs) {
      const parent = links.parentOf(output);
      if (parent !== undefined) this.#clashes -= this.#reads.get(parent) ?? 0;
    }
  }

  /** Whether the node could not work with the link: it would read what it writes, or write two results in one place. */
  refuses(link: NewLink): boolean {
    return this.#clashes + this.#newClashes(link) > 0 || this.#writesTwice(link);
  }

  /** The link is made. */
  add(link: NewLink): void {
    const { child, root } = link;
    this.#clashes += this.#newClashes(link);
    const reads = this.#reads.get(child);
    if (reads !== undefined) {
      this.#readRoots.delete(child);
      add(this.#readRoots, root, reads);
    }
    if (!this.#writes(child)) return;
    this.#writtenRoots.delete(child);
    add(this.#writtenRoots, root, 1);
  }

  #newClashes({ child, parent, root }: NewLink): number {
    const isLinked = (count: number): number => (this.#isPlacement ? count : 0);
    const read = this.#reads.get(child) ?? 0;
    const asInput = read * ((this.#writtenRoots.get(root) ?? 0) - isLinked(Number(this.#writes(parent))));
    if (!this.#writes(child)) return asInput;
    return asInput + (this.#readRoots.get(root) ?? 0) - isLinked(this.#reads.get(parent) ?? 0);
  }

  #writesTwice({ child, root }: NewLink): boolean {
    if (this.#isPlacement || !this.#writes(child)) return false;
    const shared = this.#writtenRoots.has(root) ? 1 : 0;
    return this.#writtenRoots.size - shared < this.#node.outputs.length;
  }

  #writes(tensor: Tensor): boolean {
    return this.#links.producerOf(tensor) === this.#node;
  }
}

function add(counts: Map<Tensor, number>, key: Tensor, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
