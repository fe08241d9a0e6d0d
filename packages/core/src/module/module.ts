/**
 * Modules: the third face. A module holds parameters and other modules as ordinary properties; the names of the
 * properties make the `state_dict` keys, so that the reference's checkpoints load.
 */

import { graphOf } from '../graph/graph.js';
import { Tensor } from '../graph/tensor.js';
import { Parameter } from './parameter.js';

/** Modules that a walk has named. A module called before that is a root: its walk names everything below it. */
const named = new WeakSet<object>();

/**
 * A part of a net. Subclasses write `forward`; callers write `module.call(x)`, which runs `forward` under the module's
 * path, so that errors and profiles name it.
 */
export abstract class Module<Inputs extends readonly unknown[] = readonly [Tensor], Output = Tensor> {
  /** Path from the root, e.g. `resnet.layer1.0`; empty for the root itself. */
  path = '';
  /** Training mode: batch norm uses the batch's own statistics. Default false: a net first of all runs. */
  training = false;

  abstract forward(...inputs: Inputs): Output;

  /** Applies the module to tensors. */
  call(...inputs: Inputs): Output {
    if (!named.has(this)) this.modules();
    const tensors = inputs.flat().filter((input) => input instanceof Tensor);
    const graph = graphOf(tensors, this.path === '' ? this.constructor.name : this.path);
    return graph.within(this.path, () => this.forward(...inputs));
  }

  /** Sets training mode here and below. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Sets inference mode here and below. */
  eval(): this {
    return this.train(false);
  }

  /** This module and all below it, parents first. Names them on the way. */
  modules(): Module<never, unknown>[] {
    const found: Module<never, unknown>[] = [];
    visit(this as unknown as Module<never, unknown>, this.path, found, []);
    return found;
  }

  /** All parameters and buffers here and below, in definition order, named by their `state_dict` keys. */
  parameters(): Parameter[] {
    const found: Parameter[] = [];
    visit(this as unknown as Module<never, unknown>, this.path, [], found);
    return found;
  }

  /** Key, shape and role of every entry of the state dict. */
  stateDictSpec(): { readonly name: string; readonly shape: readonly number[]; readonly parameter: Parameter }[] {
    return this.parameters().map((parameter) => ({ name: parameter.name, shape: parameter.shape, parameter }));
  }
}

/** Several modules in a row, named `0`, `1`, ... like the reference's `nn.Sequential`. */
export class Sequential extends Module {
  readonly layers: readonly Module[];

  constructor(...layers: readonly Module[]) {
    super();
    this.layers = layers;
  }

  override forward(x: Tensor): Tensor {
    return this.layers.reduce((value, layer) => layer.call(value), x);
  }
}

/** Walks properties in definition order, naming modules and parameters. `Sequential` adds no name of its own for `layers`. */
function visit(
  module: Module<never, unknown>,
  path: string,
  modules: Module<never, unknown>[],
  parameters: Parameter[],
): void {
  module.path = path;
  named.add(module);
  modules.push(module);
  const entries = module instanceof Sequential ? numbered(module.layers) : Object.entries(module);
  for (const [key, value] of entries) visitValue(value, path === '' ? key : `${path}.${key}`, modules, parameters);
}

function visitValue(value: unknown, path: string, modules: Module<never, unknown>[], parameters: Parameter[]): void {
  if (value instanceof Parameter) {
    value.name = path;
    parameters.push(value);
  } else if (value instanceof Module) visit(value as Module<never, unknown>, path, modules, parameters);
  else if (Array.isArray(value))
    for (const [key, item] of numbered(value)) visitValue(item, `${path}.${key}`, modules, parameters);
}

function numbered(values: readonly unknown[]): [string, unknown][] {
  return values.map((value, i) => [String(i), value]);
}
