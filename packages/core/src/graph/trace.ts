import { InfnetError } from '@infnet/errors';
import { checkOptions } from '../kernel/options.js';
import { HOST_DTYPES, type HostDType, type HostTensorType, type Shape } from '../tensor/types.js';
import { Graph } from './graph.js';
import { Tensor } from './tensor.js';

/** A shape (float32), or a shape with its element type. */
export type InputSpec = Shape | { readonly shape: Shape; readonly dtype?: HostDType };

/** What a traced function returns: named tensors, a list (named `0`, `1`, ...) or one tensor (named `output`). */
export type TraceResult = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/**
 * Traces an ordinary function of tensors: calls it once with tensors that describe, and records what it applies.
 *
 * @param fn takes an object with one tensor per input; runs now, once.
 * @param inputs shape of every input by name.
 * @throws InfnetError `OPTION_...` and `SHAPE_INVALID` for a spec that cannot be, `SHAPE_...` with the module path
 *   where shapes do not fit, `GRAPH_OUTPUT` when something else than tensors of this trace is returned.
 */
export function trace<N extends string>(
  fn: (inputs: Readonly<Record<N, Tensor>>) => TraceResult,
  inputs: Readonly<Record<N, InputSpec>>,
): Graph {
  const graph = new Graph();
  const tensors = {} as Record<N, Tensor>;
  for (const name of Object.keys(inputs) as N[]) tensors[name] = graph.input(name, inputType(inputs[name]));
  for (const [name, tensor] of Object.entries(namedResults(fn(tensors)))) {
    if (!(tensor instanceof Tensor) || tensor.graph !== graph) {
      throw new InfnetError({ code: 'GRAPH_OUTPUT', message: `output "${name}" is not a tensor of this trace` });
    }
    graph.outputs.set(name, tensor);
  }
  return graph;
}

/** The type an input spec stands for. */
export function inputType(spec: InputSpec): HostTensorType {
  if (Array.isArray(spec)) return { shape: [...spec], dtype: 'f32' };
  const { shape, dtype = 'f32' } = checkedSpec(spec as Exclude<InputSpec, Shape>);
  return { shape: [...shape], dtype };
}

function checkedSpec(spec: Exclude<InputSpec, Shape>): Exclude<InputSpec, Shape> {
  checkOptions('trace', spec, { shape: 'any', 'dtype?': HOST_DTYPES });
  if (Array.isArray(spec.shape)) return spec;
  throw new InfnetError({ code: 'SHAPE_INVALID', message: 'an input has no shape', where: 'trace' });
}

const isList = (result: TraceResult): result is readonly Tensor[] => Array.isArray(result);

function namedResults(result: TraceResult): Readonly<Record<string, Tensor>> {
  if (result instanceof Tensor) return { output: result };
  if (isList(result)) return Object.fromEntries(result.map((tensor, i) => [String(i), tensor]));
  if (result === undefined || result === null || result instanceof Promise) {
    throw new InfnetError({
      code: 'GRAPH_OUTPUT',
      message: `the traced function returned ${result instanceof Promise ? 'a promise' : 'nothing'}`,
      fix: 'Return one tensor, a list or an object of tensors, from a function that is not async.',
    });
  }
  return result as Readonly<Record<string, Tensor>>;
}
