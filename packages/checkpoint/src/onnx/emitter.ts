/** Collects nodes and constants while a graph is translated, and gives each a name of its own. */
import { checkpointError } from '../errors.js';
import type { OnnxAttributes, OnnxNode, OnnxTensor } from './model.js';
import type { OnnxSourceNode, OnnxSourceTensor } from './source.js';

/** What the translation of one operator may do. */
export interface OnnxEmitter {
  /** The node that is translated. */
  readonly node: OnnxSourceNode;
  /** Name of the value of input `index`. */
  input(index: number): string;
  /** Shape of input `index`. */
  shape(index: number): readonly number[];
  /** Adds a node of a standard operator and returns the names of its outputs. */
  nodes(type: string, inputs: readonly string[], attributes: OnnxAttributes, outputs: number): readonly string[];
  /** `nodes` for an operator with one output. */
  one(type: string, inputs: readonly string[], attributes?: OnnxAttributes): string;
  /** A constant list of int64, such as the sizes of `Split`. */
  ints(values: readonly number[]): string;
  /** A constant float32 scalar. */
  scalar(value: number): string;
  /** A float32 list, such as the scales of `Resize`. */
  floats(values: readonly number[]): string;
  /** The error of an operator that ONNX cannot express as it is used here. */
  cannot(why: string, fix: string): Error;
}

/** Translates one operator of a trace: adds nodes, returns the names of the values of its outputs. */
export type OnnxTranslation = (emit: OnnxEmitter) => readonly string[];

export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly constants: Map<string, OnnxTensor> = new Map();
  readonly #values = new Map<OnnxSourceTensor, string>();
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #constantNames = new Map<string, string>();

  /** Keeps names that are given from outside (inputs, outputs, parameters). False if the name is taken. */
  reserve(name: string): boolean {
    if (this.#taken.has(name)) return false;
    this.#taken.add(name);
    return true;
  }

  bind(tensor: OnnxSourceTensor, name: string): void {
    this.#values.set(tensor, name);
  }

  valueOf(tensor: OnnxSourceTensor): string {
    const name = this.#values.get(tensor);
    if (name !== undefined) return name;
    throw checkpointError(
      'CHECKPOINT_ONNX',
      'A node reads a tensor that no node before it computes.',
      'Give the graph as `trace` returned it.',
    );
  }

  /** Adds a node named after its scope and operator. */
  add(
    scope: string,
    type: string,
    inputs: readonly string[],
    attributes: OnnxAttributes,
    outputs: number,
  ): readonly string[] {
    const name = this.#unique(scope === '' ? type : `${scope}/${type}`);
    const values = Array.from({ length: outputs }, (_, i) =>
      this.#unique(outputs === 1 ? `${name}_output` : `${name}_output_${i}`),
    );
    this.nodes.push({ name, type, inputs, outputs: values, attributes });
    return values;
  }

  translate(node: OnnxSourceNode, translation: OnnxTranslation): void {
    const values = translation(this.#for(node));
    for (const [i, output] of node.outputs.entries()) {
      const value = values[i];
      if (value !== undefined) this.bind(output, value);
    }
  }

  #for(node: OnnxSourceNode): OnnxEmitter {
    const { scope, inputs, operator } = node;
    const nodes: OnnxEmitter['nodes'] = (type, names, attributes, outputs) =>
      this.add(scope, type, names, attributes, outputs);
    return {
      node,
      nodes,
      input: (index) => this.valueOf(inputs[index] as OnnxSourceTensor),
      shape: (index) => (inputs[index] as OnnxSourceTensor).shape,
      one: (type, names, attributes = {}) => nodes(type, names, attributes, 1)[0] as string,
      ints: (values) => this.#constant('int64', [values.length], BigInt64Array.from(values, BigInt), values),
      floats: (values) => this.#constant('float32', [values.length], Float32Array.from(values), values),
      scalar: (value) => this.#constant('float32', [], Float32Array.of(value), [value]),
      cannot: (why, fix) => cannotExport(operator.name, scope, why, fix),
    };
  }

  /** Equal constants are one; 0 and -0 are two. */
  #constant(type: string, shape: readonly number[], data: OnnxTensor['data'], values: readonly number[]): string {
    const text = values.map((value) => (Object.is(value, -0) ? '-0' : String(value))).join(',');
    const wanted = `constant/${type}${shape.length === 0 ? '' : `[${shape}]`}=${text}`;
    let name = this.#constantNames.get(wanted);
    if (name === undefined) {
      name = this.#unique(wanted);
      this.#constantNames.set(wanted, name);
      this.constants.set(name, { name, shape, data });
    }
    return name;
  }

  #unique(wanted: string): string {
    for (;;) {
      const count = this.#counts.get(wanted) ?? 0;
      this.#counts.set(wanted, count + 1);
      const name = count === 0 ? wanted : `${wanted}_${count}`;
      if (this.reserve(name)) return name;
    }
  }
}

/** An operator that cannot be exported, with its name and its place. */
export function cannotExport(operator: string, scope: string, why: string, fix: string): Error {
  const where = scope === '' ? operator : scope;
  return checkpointError(
    'CHECKPOINT_ONNX_OPERATOR',
    `The operator ${operator} cannot be written as ONNX: ${why}.`,
    fix,
    { operator, scope },
    undefined,
    where,
  );
}
