/**
 * Operators with named operands: what one writes. `infer`, `lower`, `gradient` and the fusion rules get inputs and
 * outputs by name, each with its type; what comes out is an {@link Operator}, whose operands have an order.
 */
import type { TensorType } from '../tensor/types.js';
import { apply, type GraphNode, type TensorLike } from './graph.js';
import {
  type GivenGradients,
  type GivenOperands,
  type OperandCounts,
  OperandNames,
  type Operands,
} from './operands.js';
import type {
  Attributes,
  CandidateContext,
  Candidates,
  Dispatch,
  GradientContext,
  LowerContext,
  Operator,
  Probe,
  Replacement,
  RewriteContext,
  View,
} from './operator.js';
import type { Tensor } from './tensor.js';

type Names = readonly string[];

/** An operator that knows the names of its operands. */
export interface NamedOperator<I extends Names, O extends Names, A extends Attributes = Attributes>
  extends Operator<A> {
  readonly inputs: I;
  readonly outputs: O;
  counts?(attributes: A): SideCounts<I, O>;
}

/** How many operands there are of those that may be left out. */
export interface SideCounts<I extends Names, O extends Names> {
  readonly inputs?: OperandCounts<I>;
  readonly outputs?: OperandCounts<O>;
}

/** What `lower` may ask, operands by name. */
export interface NamedLowerContext<I extends Names, O extends Names, A extends Attributes = Attributes>
  extends Omit<LowerContext<A>, 'inputs' | 'outputs'> {
  readonly inputs: Operands<I, View>;
  readonly outputs: Operands<O, View>;
}

/** Gradients of the loss with respect to the outputs. The only output of an operator always has one. */
export type OutputGradients<O extends Names> = O extends readonly [infer K extends string]
  ? K extends `...${string}` | `${string}?`
    ? SomeGradients<O>
    : { readonly [N in K]: Tensor }
  : SomeGradients<O>;

type SomeGradients<O extends Names> = Operands<O, Tensor | undefined>;

/** What a gradient rule sees, operands by name. It is called where a gradient flows into some output. */
export interface NamedGradientContext<I extends Names, O extends Names, A extends Attributes = Attributes>
  extends Pick<GradientContext<A>, 'attributes'> {
  readonly inputs: Operands<I, Tensor>;
  readonly outputs: Operands<O, Tensor>;
  readonly outputGradients: OutputGradients<O>;
  /** Which inputs need a gradient at all; undefined for those that are not there. */
  readonly needed: Operands<I, boolean>;
}

/** A node as its own fusion rules see it. */
export interface NamedNode<I extends Names, O extends Names, A extends Attributes = Attributes> {
  readonly attributes: A;
  readonly inputs: Operands<I, Tensor>;
  readonly outputs: Operands<O, Tensor>;
}

/** What an operator looks at to say which ways it has, operands by name. */
export interface NamedCandidateContext<I extends Names, A extends Attributes = Attributes>
  extends Omit<CandidateContext<A>, 'inputs'> {
  readonly inputs: Operands<I, TensorType>;
}

type ByPosition =
  | 'infer'
  | 'lower'
  | 'candidates'
  | 'gradient'
  | 'absorbConsumer'
  | 'absorbProducer'
  | 'convertConstants'
  | 'probes';

/** An operator as it is written. What is not here is as in {@link Operator}. */
export interface OperatorDefinition<I extends Names, O extends Names, A extends Attributes>
  extends Omit<Operator<A>, ByPosition> {
  /** Names of the inputs in their order: `x`; `bias?`, which may be left out; `...parts`, any number. */
  readonly inputs: I;
  /** Names of the outputs, likewise. */
  readonly outputs: O;
  /** Which of the operands that may be left out are there, where their number does not say it. */
  counts?(attributes: A): SideCounts<I, O>;
  /** Types of the outputs. @throws InfnetError `SHAPE_...` with `where` set to the module path it is given. */
  infer(inputs: Operands<I, TensorType>, attributes: A, where: string): GivenOperands<O, TensorType>;
  /** Kernel calls that compute the outputs from the inputs, in order. */
  lower(context: NamedLowerContext<I, O, A>): readonly Dispatch[];
  /** As of {@link Operator}. */
  candidates?(context: NamedCandidateContext<I, A>): Candidates | undefined;
  /** Gradients of the inputs, as graph operations; what is left out gets none. */
  gradient?(context: NamedGradientContext<I, O, A>): GivenGradients<I, Tensor>;
  /** As of {@link Operator}. */
  absorbConsumer?(node: NamedNode<I, O, A>, consumer: GraphNode, rewrite: RewriteContext): Replacement | undefined;
  /** As of {@link Operator}: `producer`'s only output is the only use of one of the inputs. */
  absorbProducer?(node: NamedNode<I, O, A>, producer: GraphNode, rewrite: RewriteContext): Replacement | undefined;
  /** As of {@link Operator}. */
  convertConstants?(node: NamedNode<I, O, A>, rewrite: RewriteContext): Replacement | undefined;
  /** As of {@link Operator}. */
  probes?(node: NamedNode<I, O, A>): readonly Probe[];
}

/**
 * Makes an operator of a definition whose rules name their operands.
 *
 * @throws InfnetError, from its rules, `GRAPH_INPUT` where a node has more or fewer operands than names.
 */
export function defineOperator<
  const I extends Names,
  const O extends Names,
  A extends Attributes = Record<string, never>,
>(definition: OperatorDefinition<I, O, A>): NamedOperator<I, O, A> {
  const { infer, lower, candidates, gradient, absorbConsumer, absorbProducer, convertConstants, probes, ...rest } =
    definition;
  const { name, inputs, outputs, counts } = definition;
  const [into, out] = [new OperandNames(inputs), new OperandNames(outputs)];
  const arity = definition.arity ?? into.arity;
  const inputsOf = <T>(values: readonly T[], attributes: A): Operands<I, T> =>
    into.byName(values, name, counts?.(attributes).inputs);
  const outputsOf = <T>(values: readonly T[], attributes: A): Operands<O, T> =>
    out.byName(values, name, counts?.(attributes).outputs);
  const named = ({ attributes, ...node }: GraphNode<A>): NamedNode<I, O, A> => ({
    attributes,
    inputs: inputsOf(node.inputs, attributes),
    outputs: outputsOf(node.outputs, attributes),
  });
  return {
    ...rest,
    ...(arity !== undefined && { arity }),
    infer: (types, attributes, where) => out.inOrder<TensorType>(infer(inputsOf(types, attributes), attributes, where)),
    lower: (context) =>
      lower({
        ...context,
        inputs: inputsOf(context.inputs, context.attributes),
        outputs: outputsOf(context.outputs, context.attributes),
      }),
    ...(candidates && {
      candidates: ({ inputs, ...context }: CandidateContext<A>) =>
        candidates({ ...context, inputs: inputsOf(inputs, context.attributes) }),
    }),
    ...(gradient && {
      gradient({ attributes, inputs, outputs, outputGradients, needed }: GradientContext<A>) {
        if (outputGradients.every((g) => g === undefined)) return [];
        const found = gradient({
          attributes,
          inputs: inputsOf(inputs, attributes),
          outputs: outputsOf(outputs, attributes),
          // Of a single output the gradient is there, or nothing was.
          outputGradients: outputsOf(outputGradients, attributes) as unknown as OutputGradients<O>,
          needed: inputsOf(needed, attributes),
        });
        return into.aligned<Tensor>(found, inputs.length, name, counts?.(attributes).inputs);
      },
    }),
    ...(absorbConsumer && {
      absorbConsumer: (node: GraphNode<A>, consumer: GraphNode, rewrite: RewriteContext) =>
        absorbConsumer(named(node), consumer, rewrite),
    }),
    ...(absorbProducer && {
      absorbProducer: (node: GraphNode<A>, _index: number, producer: GraphNode, rewrite: RewriteContext) =>
        absorbProducer(named(node), producer, rewrite),
    }),
    ...(convertConstants && {
      convertConstants: (node: GraphNode<A>, rewrite: RewriteContext) => convertConstants(named(node), rewrite),
    }),
    ...(probes && { probes: (node: GraphNode<A>) => probes(named(node)) }),
  };
}

/** Applies an operator to operands by name. @throws InfnetError as {@link apply}. */
export function applyNamed<I extends Names, O extends Names, A extends Attributes>(
  operator: NamedOperator<I, O, A>,
  inputs: GivenOperands<I, TensorLike>,
  attributes: A,
): Operands<O, Tensor> {
  const outputs = apply(operator, new OperandNames(operator.inputs).inOrder<TensorLike>(inputs), attributes);
  return new OperandNames(operator.outputs).byName(outputs, operator.name, operator.counts?.(attributes).outputs);
}

/** What a fusion rule answers: the operator in place of both nodes, with its operands by name. */
export function replaceBy<I extends Names, O extends Names, A extends Attributes>(
  operator: NamedOperator<I, O, A>,
  inputs: GivenOperands<I, Tensor>,
  attributes: A,
): Replacement {
  return { operator, inputs: new OperandNames(operator.inputs).inOrder<Tensor>(inputs), attributes };
}
