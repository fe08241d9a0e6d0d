/** A traced graph as a function of tfjs: nodes are walked in order, each computed by its entry in the table. */
import type { Graph, GraphNode, Parameter, StateDict, Tensor } from '@infnet/core';
import type { Tf, TfTensor, TfVariable } from './api.js';
import { cannot, computeNode, TF_OPERATORS } from './operators.js';

const TO_NHWC = [0, 2, 3, 1] as const;
const TO_NCHW = [0, 3, 1, 2] as const;
/** Of convolution weights. */
const OIHW_TO_HWIO = [2, 3, 1, 0] as const;
const HWIO_TO_OIHW = [3, 2, 0, 1] as const;

/** tfjs keeps every variable's name for itself until it is disposed. */
let count = 0;

export class TfGraph {
  readonly #tf: Tf;
  readonly #nodes: readonly GraphNode[];
  readonly #graph: Graph;
  readonly #variables: ReadonlyMap<Parameter, TfVariable>;

  /** Uploads the parameters, as variables of tfjs. */
  constructor(tf: Tf, graph: Graph, state: StateDict) {
    this.#tf = tf;
    this.#graph = graph;
    this.#nodes = neededNodes(graph);
    const foreign = this.#nodes.find(({ operator }) => !Object.hasOwn(TF_OPERATORS, operator.name));
    if (foreign !== undefined) throw cannot(foreign.operator.name, foreign.scope);
    this.#variables = new Map(
      [...graph.parameters.keys()].map((parameter) => {
        const { data, shape } = state.get(parameter.name) as { data: Float32Array; shape: readonly number[] };
        const value = tf.tidy(() => toLayout(tf, tf.tensor(data, shape), OIHW_TO_HWIO));
        const variable = tf.variable(value, parameter.role === 'parameter', `${parameter.name}#${count++}`);
        value.dispose();
        return [parameter, variable] as const;
      }),
    );
  }

  /** Trained parameters. */
  get trained(): readonly TfVariable[] {
    return [...this.#variables].filter(([{ role }]) => role === 'parameter').map(([, variable]) => variable);
  }

  variable(parameter: Parameter): TfVariable {
    return this.#variables.get(parameter) as TfVariable;
  }

  /**
   * Computes the outputs and the new running statistics from inputs in NHWC. Call it inside a tidy. `outputs` stay
   * NHWC.
   */
  compute(inputs: Readonly<Record<string, TfTensor>>): {
    readonly outputs: Readonly<Record<string, TfTensor>>;
    readonly updates: readonly (readonly [TfVariable, TfTensor])[];
  } {
    const values = new Map<Tensor, TfTensor>();
    for (const [name, tensor] of this.#graph.inputs) values.set(tensor, inputs[name] as TfTensor);
    for (const [parameter, tensor] of this.#graph.parameters) values.set(tensor, this.variable(parameter));
    const lookUp = (tensor: Tensor): TfTensor => values.get(tensor) as TfTensor;
    for (const node of this.#nodes) {
      for (const [i, value] of computeNode(this.#tf, node, node.inputs.map(lookUp)).entries())
        values.set(node.outputs[i] as Tensor, value);
    }
    const { outputs, updates } = this.#graph;
    return {
      outputs: Object.fromEntries([...outputs].map(([name, tensor]) => [name, lookUp(tensor)])),
      updates: [...updates].map(([parameter, tensor]) => [this.variable(parameter), lookUp(tensor)]),
    };
  }

  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
  }
}

/** A tensor with its dimensions in another order, if it has four. */
function toLayout(tf: Tf, x: TfTensor, order: readonly number[]): TfTensor {
  return x.shape.length === 4 ? tf.transpose(x, order) : x;
}

/** Uploads a map [n, c, h, w] (or anything of another rank, as it is). */
export function uploadMap(tf: Tf, values: Float32Array, shape: readonly number[]): TfTensor {
  return tf.tidy(() => toLayout(tf, tf.tensor(values, shape), TO_NHWC));
}

/** Reads a map back as [n, c, h, w]. */
export function readMap(tf: Tf, x: TfTensor): Promise<Float32Array> {
  return readAs(tf, x, TO_NCHW);
}

/** Reads convolution weights back as [oc, c, kh, kw]. */
export function readWeight(tf: Tf, x: TfTensor): Promise<Float32Array> {
  return readAs(tf, x, HWIO_TO_OIHW);
}

async function readAs(tf: Tf, x: TfTensor, order: readonly number[]): Promise<Float32Array> {
  const turned = tf.tidy(() => toLayout(tf, x, order));
  const data = await turned.data();
  if (turned !== x) turned.dispose();
  return data;
}

/** The nodes on which outputs and updates depend. */
function neededNodes({ nodes, outputs, updates }: Graph): GraphNode[] {
  const wanted = new Set([...outputs.values(), ...updates.values()]);
  const found: GraphNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    for (const input of node.inputs) wanted.add(input);
    found.push(node);
  }
  return found.reverse();
}
