/**
 * The graph that tracing makes: nodes in an order in which they can run, each an operator applied to tensors, under the
 * path of the module that applied it. One graph serves planning, differentiating, profiling, drawing and export.
 */
import { InfnetError } from '@infnet/errors';
import { Parameter } from '../module/parameter.js';
import { formatShape, type Shape, sameShape, type TensorType } from '../tensor/types.js';
import type { Attributes, Operator } from './operator.js';
import { Tensor } from './tensor.js';

export interface GraphNode<A extends Attributes = Attributes> {
  readonly operator: Operator<A>;
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  readonly outputs: readonly [Tensor, ...Tensor[]];
  /** Path of the module that made it, e.g. `resnet.layer1.0.conv1`. */
  readonly scope: string;
}

/** Looks at the values of an input before a run. @throws InfnetError naming what is wrong with which value. */
export type InputCheck = (data: Float32Array | Uint32Array | Int32Array, name: string, shape: Shape) => void;

/** A tensor or a parameter; a parameter becomes a tensor of the graph in which it is used. */
export type TensorLike = Tensor | Parameter;

export class Graph {
  readonly nodes: GraphNode[] = [];
  readonly inputs: Map<string, Tensor> = new Map();
  readonly parameters: Map<Parameter, Tensor> = new Map();
  readonly outputs: Map<string, Tensor> = new Map();
  /** New values of parameters: written into the parameter's memory at the end of a run. */
  readonly updates: Map<Parameter, Tensor> = new Map();
  /** What inputs must fulfil beside type and size, by name: see {@link Graph.checkInput}. */
  readonly inputChecks: Map<string, InputCheck[]> = new Map();
  readonly #scopes: string[] = [];
  #nextId = 0;

  /** Declares an input. */
  input(name: string, type: TensorType): Tensor {
    for (const size of type.shape) {
      if (!Number.isInteger(size) || size <= 0) {
        throw new InfnetError({
          code: 'SHAPE_INVALID',
          message: `input "${name}" has the shape ${formatShape(type.shape)}; every size must be a positive integer`,
        });
      }
    }
    const tensor = this.tensor(type, undefined);
    this.inputs.set(name, tensor);
    return tensor;
  }

  /** The tensor that stands for a parameter in this graph. */
  parameter(parameter: Parameter): Tensor {
    let tensor = this.parameters.get(parameter);
    if (tensor === undefined) {
      tensor = this.tensor({ shape: parameter.shape, dtype: parameter.dtype }, undefined);
      this.parameters.set(parameter, tensor);
    }
    return tensor;
  }

  /**
   * Makes `value` the parameter's new value when a run ends (an optimiser's step, running statistics). Everything in
   * the trace still reads the old one.
   *
   * @throws InfnetError `SHAPE_MISMATCH`.
   */
  update(parameter: Parameter, value: Tensor): void {
    if (!sameShape(parameter.shape, value.shape)) {
      throw new InfnetError({
        code: 'SHAPE_MISMATCH',
        message: `the parameter has the shape ${formatShape(parameter.shape)}, its new value ${formatShape(value.shape)}`,
        where: parameter.name,
      });
    }
    this.parameter(parameter);
    this.updates.set(parameter, value);
  }

  /**
   * Has a tensor's values checked before each run, where it is an input, or made of all values of one (reshaped,
   * resized by nearest neighbour), and a run is given those. What is computed on the device, or lies in a buffer of
   * somebody else, is not looked at.
   */
  checkInput(tensor: Tensor, check: InputCheck): void {
    let source = tensor;
    for (let next: Tensor | undefined = tensor; next !== undefined; next = selected(next)) source = next;
    for (const [name, input] of this.inputs) {
      if (input === source) this.inputChecks.set(name, [...(this.inputChecks.get(name) ?? []), check]);
    }
  }

  /** A new tensor of this graph. Used by the planner's rewrites too. */
  tensor(type: TensorType, producer: GraphNode | undefined): Tensor {
    return new Tensor(this, this.#nextId++, type, producer);
  }

  /** Makes a node, its outputs inferred, without adding it to `nodes`. */
  makeNode<A extends Attributes>(
    operator: Operator<A>,
    inputs: readonly Tensor[],
    attributes: A,
    scope: string = this.scope,
  ): GraphNode {
    const where = scope === '' ? operator.name : scope;
    checkAttributes(operator.name, attributes, where);
    const types = operator.infer(
      inputs.map((input) => input.type),
      attributes,
      where,
    );
    for (const { shape } of types) {
      if (shape.every((size) => Number.isInteger(size) && size > 0)) continue;
      throw new InfnetError({
        code: 'SHAPE_EMPTY',
        message: `${operator.name} would give a tensor ${formatShape(shape)}; every size must be a positive integer`,
        where,
        fix: 'Use larger operands, or other attributes.',
      });
    }
    const outputs: Tensor[] = [];
    // Each output knows its node, so the node is there first.
    const node: GraphNode = {
      operator,
      inputs,
      attributes,
      outputs: outputs as unknown as GraphNode['outputs'],
      scope,
    };
    for (const type of types) outputs.push(this.tensor(type, node));
    if (outputs.length > 0) return node;
    throw new InfnetError({ code: 'GRAPH_OUTPUT', message: `${operator.name} has no output`, where });
  }

  /** The module path of what is being traced. */
  get scope(): string {
    return this.#scopes.at(-1) ?? '';
  }

  /** Runs `body` with everything it applies under `scope`. */
  within<T>(scope: string, body: () => T): T {
    this.#scopes.push(scope);
    try {
      return body();
    } finally {
      this.#scopes.pop();
    }
  }
}

/** The tensor whose values this one has, where its operator only selects among them. */
function selected({ producer }: Tensor): Tensor | undefined {
  return producer?.operator.selectsValues === true ? producer.inputs[0] : undefined;
}

/**
 * @throws InfnetError `SHAPE_ATTRIBUTE` where the attributes are not an object, or a number among them, at any depth of
 *   lists, is none.
 */
function checkAttributes(operator: string, attributes: Attributes, where: string): void {
  if (typeof attributes !== 'object' || attributes === null) {
    const message = `the attributes of ${operator} are ${attributes}; an object is needed`;
    throw new InfnetError({ code: 'SHAPE_ATTRIBUTE', message, where, fix: 'Give {} where there are none.' });
  }
  for (const [name, value] of Object.entries(attributes)) {
    const wrong = [value].flat(2).find((number) => typeof number === 'number' && !Number.isFinite(number));
    if (wrong === undefined) continue;
    throw new InfnetError({
      code: 'SHAPE_ATTRIBUTE',
      message: `"${name}" of ${operator} is ${[value].flat(2).join(', ')}; finite numbers are needed`,
      where,
    });
  }
}

/**
 * Applies an operator: the way every operator function ends.
 *
 * @throws InfnetError `SHAPE_...` from the operator, `GRAPH_INPUT` for something that is not a tensor, `GRAPH_MIXED`
 *   when inputs come from two traces, `GRAPH_NO_TENSOR` when all inputs are parameters (use `graph.parameter`).
 */
export function apply<A extends Attributes>(
  operator: Operator<A>,
  inputs: readonly TensorLike[],
  attributes: A,
): GraphNode['outputs'] {
  checkInputs(inputs, operator);
  const graph = graphOf(inputs, operator.name);
  const tensors = inputs.map((input) => (input instanceof Tensor ? input : graph.parameter(input)));
  const node = graph.makeNode(operator, tensors, attributes);
  graph.nodes.push(node);
  return node.outputs;
}

/** A name that the traced function misspelt gives `undefined`, which would fail somewhere else. */
function checkInputs(
  inputs: readonly TensorLike[],
  { name: operator, arity }: Pick<Operator<never>, 'name' | 'arity'>,
): void {
  const [least, most] = typeof arity === 'number' ? [arity, arity] : (arity ?? [0, inputs.length]);
  if (inputs.length < least || inputs.length > most) {
    const takes = least === most ? least : `${least} to ${most}`;
    const message = `${operator} takes ${takes} inputs, got ${inputs.length}`;
    throw new InfnetError({ code: 'GRAPH_INPUT', message, where: operator });
  }
  const wrong = Array.from(inputs).findIndex((input) => !(input instanceof Tensor || input instanceof Parameter));
  if (wrong < 0) return;
  const tensor = inputs.find((input) => input instanceof Tensor);
  const names =
    tensor === undefined ? '' : ` The inputs of the trace are: ${[...tensor.graph.inputs.keys()].join(', ')}.`;
  throw new InfnetError({
    code: 'GRAPH_INPUT',
    message: `input ${wrong} of ${operator} is ${describe(inputs[wrong])}, no tensor and no parameter`,
    where: tensor?.graph.scope || operator,
    fix: `Give a tensor of the trace or a parameter; a misspelt name gives undefined.${names}`,
  });
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? `a ${value.constructor?.name ?? 'object'}` : String(value);
}

/** `apply` for an operator with one output. */
export function applyOne<A extends Attributes>(
  operator: Operator<A>,
  inputs: readonly TensorLike[],
  attributes: A,
): Tensor {
  return apply(operator, inputs, attributes)[0];
}

/** The graph that the tensors among `inputs` belong to. */
export function graphOf(inputs: readonly TensorLike[], what: string): Graph {
  let graph: Graph | undefined;
  for (const input of inputs) {
    if (!(input instanceof Tensor)) continue;
    if (graph !== undefined && input.graph !== graph) {
      throw new InfnetError({
        code: 'GRAPH_MIXED',
        message: `${what} got tensors of two different traces`,
        fix: 'Use only tensors that the traced function received or computed itself.',
      });
    }
    graph = input.graph;
  }
  if (graph !== undefined) return graph;
  throw new InfnetError({
    code: 'GRAPH_NO_TENSOR',
    message: `${what} got no tensor, only parameters, so it is not known which trace it belongs to`,
    fix: 'Make a tensor of one of them first: graphOf([x]).parameter(parameter).',
  });
}
