/** Graphs as `trace` makes them, by hand: this package knows no tracer. */
import type { OnnxSource, OnnxSourceNode, OnnxSourceOperator, OnnxSourceTensor, OnnxState } from '../../src/index.js';

const made = new Map<string, OnnxSourceOperator>();

/** An operator with the mark that `standardOperator` of @infnet/core gives. */
export function standard(name: string): OnnxSourceOperator {
  const operator = made.get(name) ?? { name };
  made.set(name, operator);
  return Object.defineProperty(operator, Symbol.for('infnet.standardOperator'), { value: operator, writable: true });
}

export const tensor = (...shape: number[]): OnnxSourceTensor => ({ shape, dtype: 'f32' });

export class SmallGraph implements OnnxSource {
  readonly nodes: OnnxSourceNode[] = [];
  readonly inputs: Map<string, OnnxSourceTensor> = new Map();
  readonly parameters: Map<{ readonly name: string }, OnnxSourceTensor> = new Map();
  readonly outputs: Map<string, OnnxSourceTensor> = new Map();
  readonly state: Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }> = new Map();

  input(name: string, ...shape: number[]): OnnxSourceTensor {
    const made = tensor(...shape);
    this.inputs.set(name, made);
    return made;
  }

  /** A parameter with the values 0, 1, 2, ... */
  parameter(name: string, ...shape: number[]): OnnxSourceTensor {
    const made = tensor(...shape);
    this.parameters.set({ name }, made);
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
    this.state.set(name, { shape, data });
    return made;
  }

  /** Applies infnet's operator of that name, or any. */
  apply(
    operator: string | OnnxSourceOperator,
    inputs: readonly OnnxSourceTensor[],
    attributes: Readonly<Record<string, unknown>>,
    outputs: readonly OnnxSourceTensor[],
    scope = '',
  ): readonly OnnxSourceTensor[] {
    const made = typeof operator === 'string' ? standard(operator) : operator;
    this.nodes.push({ operator: made, attributes, inputs, outputs, scope });
    return outputs;
  }

  output(name: string, value: OnnxSourceTensor): this {
    this.outputs.set(name, value);
    return this;
  }

  get values(): OnnxState {
    return this.state;
  }
}
