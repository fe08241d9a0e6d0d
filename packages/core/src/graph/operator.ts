/**
 * What an operator is: the second face.
 *
 * An operator is plain data with functions: how its result's shape follows from its inputs, how it becomes kernel
 * calls, how it differentiates, and what it may be fused with. Operators are defined in the packages above `core`; the
 * planner knows them by this interface only.
 */

import type { DeviceProfile } from '../context/device-profile.js';
import type { Precision } from '../context/precision.js';
import type { KernelCall } from '../kernel/kernel.js';
import type { Shape, TensorType } from '../tensor/types.js';
import type { GraphNode } from './graph.js';
import type { Tensor } from './tensor.js';

/** Numbers, strings and booleans that configure one use of an operator. Plain data: it is exported and drawn. */
export type Attributes = Readonly<Record<string, unknown>>;

/**
 * Where an operand lives: a channel range of a storage. `offset` and `batchStride` count elements. Element (n, c, ...)
 * of the operand is at `offset + n * batchStride + (its index inside one batch item)`.
 */
export interface View {
  readonly storage: Storage;
  readonly offset: number;
  readonly batchStride: number;
  readonly type: TensorType;
}

/** A piece of GPU memory that the planner places; `kind` tells who owns it. */
export interface Storage {
  readonly id: number;
  readonly bytes: number;
  readonly kind: 'input' | 'parameter' | 'constant' | 'intermediate' | 'scratch' | 'output';
  readonly label: string;
}

/** A kernel call with its operands: storage binding name -> view. */
export interface Dispatch extends KernelCall {
  readonly operands: Readonly<Record<string, View>>;
}

/** What `lower` may ask. */
export interface LowerContext<A extends Attributes = Attributes> {
  readonly attributes: A;
  readonly inputs: readonly View[];
  readonly outputs: readonly View[];
  readonly device: DeviceProfile;
  readonly precision: Precision;
  /** Memory that lives only during this node; `elements` four-byte elements, contiguous. */
  scratch(elements: number, label?: string): View;
}

/** A fused node that takes the place of a producer and its consumer. */
export interface Replacement {
  readonly operator: Operator;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
}

/** Tools for a fusion rule: it may compute new constants from parameters (e.g. a folded batch norm). */
export interface RewriteContext {
  /** Adds a node before the fused one and returns its outputs. All inputs must be available there. */
  apply<A extends Attributes>(operator: Operator<A>, inputs: readonly Tensor[], attributes: A): GraphNode['outputs'];
  readonly device: DeviceProfile;
  readonly precision: Precision;
  /** Whether the tensor is a parameter, or computed from parameters only, that does not change between runs. */
  isConstant(tensor: Tensor): boolean;
}

/**
 * A small computation with a known result, by which a device shows that kernels which rely on it (float16) can be
 * trusted there. Run once per context, before the first plan that needs it: give the same object every time.
 */
export interface Probe<I extends string = string, O extends string = string> {
  /** Named in the message when it fails. */
  readonly name: string;
  readonly inputs: Readonly<Record<I, { readonly shape: Shape; readonly data: Float32Array }>>;
  /** What is computed of the inputs, traced and planned like any function. */
  compute(inputs: Readonly<Record<I, Tensor>>): Readonly<Record<O, Tensor>>;
  /** What is wrong with the results, with the figures; undefined when they are right. */
  fault(outputs: Readonly<Record<O, ArrayLike<number>>>): string | undefined;
}

/** What a gradient rule sees. */
export interface GradientContext<A extends Attributes = Attributes> {
  readonly attributes: A;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Gradient of the loss with respect to each output; undefined where nothing flows back. */
  readonly outputGradients: readonly (Tensor | undefined)[];
  /** Which inputs need a gradient at all. */
  readonly needed: readonly boolean[];
}

/** What an operator looks at to say which ways it has. */
export interface CandidateContext<A extends Attributes = Attributes> {
  readonly attributes: A;
  readonly inputs: readonly TensorType[];
  readonly device: DeviceProfile;
  readonly precision: Precision;
}

/** Ways to compute one thing, among which a tuner may choose. */
export interface Candidates {
  /** Operator and shapes: equal keys mean equal work. The choice is looked up as `device.tuning[key]`. */
  readonly key: string;
  /** The operator's own choice first. */
  readonly names: readonly string[];
}

export interface Operator<A extends Attributes = Attributes> {
  /**
   * The field's standard name: `conv2d`, `batchNorm2d`, `relu`. For people: what an operator is, the object says. See
   * `standardOperator` for those that fusion rules and exporters know.
   */
  readonly name: string;
  /** How many inputs it is applied to: `apply` refuses others. Default: `infer` says. Fusion may add some. */
  readonly arity?: number | readonly [least: number, most: number];
  /**
   * Types of the outputs. @throws InfnetError `SHAPE_...` with `where` set to the module path it is given.
   */
  infer(inputs: readonly TensorType[], attributes: A, where: string): readonly TensorType[];
  /** Kernel calls that compute the outputs from the inputs, in order. */
  lower(context: LowerContext<A>): readonly Dispatch[];
  /** Ways to compute this, for a tuner; undefined where there is no choice. `lower` must honour `device.tuning`. */
  candidates?(context: CandidateContext<A>): Candidates | undefined;
  /**
   * The output has all values of input 0 and no others (perhaps not as often), so that checks of inputs look through
   * this node. Default: false.
   */
  readonly selectsValues?: boolean;
  /** No gradient flows back through this node, and what depends on it alone needs none. Default: false. */
  readonly stopsGradient?: boolean;
  /** Gradients of the inputs, as graph operations; undefined for an input that gets none. */
  gradient?(context: GradientContext<A>): readonly (Tensor | undefined)[];
  /**
   * Fusion forwards: this node's first output feeds only `consumer`; return a node that does both (its first outputs
   * replace the consumer's, further ones this node's), or undefined.
   */
  absorbConsumer?(node: GraphNode<A>, consumer: GraphNode, rewrite: RewriteContext): Replacement | undefined;
  /**
   * Fusion backwards: `producer`'s only output feeds only input `index` of this node; return a node that does both, or
   * undefined.
   */
  absorbProducer?(
    node: GraphNode<A>,
    index: number,
    producer: GraphNode,
    rewrite: RewriteContext,
  ): Replacement | undefined;
  /**
   * After fusion: this node with constant inputs in another form, computed once with `rewrite.apply`, that its kernels
   * read better (weights as float16 at precision `half`); undefined where they stay.
   */
  convertConstants?(node: GraphNode<A>, rewrite: RewriteContext): Replacement | undefined;
  /** What the device must compute rightly before this node may run on it. Default: nothing. */
  probes?(node: GraphNode<A>): readonly Probe[];
  /** Inputs that `lower` can read even when they lie in the same storage as an output. Default: none. */
  sharesStorage?(attributes: A): readonly number[];
  /**
   * Pairs [output, input] that `lower` writes in place: the output is the input's memory, through one read_write
   * binding. Only for parameters with `graph.update(parameter, output)` that nothing reads afterwards (optimisers).
   */
  readonly updatesInPlace?: readonly (readonly [output: number, input: number])[];
  /**
   * Whether inputs and outputs may be channel ranges of larger tensors. Default: what the kernels' texts show, operand
   * by operand: one whose offset (and batch stride, where there are gaps) reaches no parameter of the kernel gets a
   * tensor of its own. False: never. True: a kernel that cannot after all is an error (`KERNEL_VIEW`).
   */
  readonly takesViews?: boolean;
  /**
   * Operators that only place data. `joinChannels`: output = inputs side by side along dimension 1; `joinFlat`: one
   * behind the other, whatever their shapes. `channelRanges`:
   * output i = channels [start[i], start[i] + its own) of input 0. The planner tries to make them free; `lower` is
   * asked to copy only what it could not place (an input whose view already equals its part of the output needs none).
   */
  placement?(attributes: A): Placement | undefined;
}

export type Placement =
  | { readonly kind: 'joinChannels' }
  | { readonly kind: 'channelRanges'; readonly starts: readonly number[] }
  /** The output is input 0 with another shape (same elements, same order). */
  | { readonly kind: 'reshape' }
  /** The output is one line of elements in which input i, whatever its shape, lies contiguously from `starts[i]` on. */
  | { readonly kind: 'joinFlat'; readonly starts: readonly number[] };
