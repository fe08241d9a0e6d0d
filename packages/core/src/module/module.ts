/**
 * Modules: the third face. A module holds parameters and other modules as ordinary properties; the names of the
 * properties make the `state_dict` keys, so that the reference's checkpoints load.
 */

import { graphOf } from '../graph/graph.js';
import { Tensor } from '../graph/tensor.js';
import { noteCall, noteHidden } from './hidden.js';
import type { Parameter } from './parameter.js';
import { type ModuleKind, numbered, type Walk, walk } from './walk.js';

type AnyModule = Module<never, unknown>;

/** Modules that a walk has named. A module called before that is a root: its walk names everything below it. */
const named = new WeakSet<object>();
/** Modules whose `forward` is running, outermost first. */
const calling: AnyModule[] = [];

/**
 * A part of a net. Subclasses write `forward`; callers write `module.call(x)`, which runs `forward` under the module's
 * path, so that errors and profiles name it.
 *
 * Parameters and modules are found in properties, and in arrays, sets, maps and plain objects in properties; not in
 * `#private` fields or objects of other classes. One that is found at several places is one (tied weights): every place
 * is a key of the state dict.
 */
export abstract class Module<Inputs extends readonly unknown[] = readonly [Tensor], Output = Tensor> {
  /** Path from the root, e.g. `resnet.layer1.0`; empty for the root itself. */
  path = '';
  /** Training mode: batch norm uses the batch's own statistics. Default false: a net first of all runs. */
  training = false;

  abstract forward(...inputs: Inputs): Output;

  /** Applies the module to tensors. */
  call(...inputs: Inputs): Output {
    const self = this as unknown as AnyModule;
    if (!named.has(this)) nameCalled(self);
    const tensors = inputs.flat().filter((input) => input instanceof Tensor);
    const graph = graphOf(tensors, this.path === '' ? this.constructor.name : this.path);
    noteCall(graph, self);
    calling.push(self);
    try {
      return graph.within(this.path, () => this.forward(...inputs));
    } finally {
      calling.pop();
    }
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

  /** This module and all below it, parents first, each once. Names them on the way. */
  modules(): Module<never, unknown>[] {
    return [...walkOver(this as unknown as AnyModule).modules];
  }

  /** All parameters and buffers here and below, in definition order, each once, named by their `state_dict` keys. */
  parameters(): Parameter[] {
    return [...new Set(walkOver(this as unknown as AnyModule).entries.map(([, parameter]) => parameter))];
  }

  /**
   * Key, shape and role of every entry of the state dict; a parameter used at several places is there once for each.
   */
  stateDictSpec(): { readonly name: string; readonly shape: readonly number[]; readonly parameter: Parameter }[] {
    const { entries } = walkOver(this as unknown as AnyModule);
    return entries.map(([name, parameter]) => ({ name, shape: parameter.shape, parameter }));
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

const KIND: ModuleKind<AnyModule> = {
  isModule: (value): value is AnyModule => value instanceof Module,
  /** `Sequential` adds no name of its own for `layers`. */
  contents: (module) => {
    if (!(module instanceof Sequential)) return Object.entries(module);
    return [...numbered(module.layers), ...Object.entries(module).filter(([key]) => key !== 'layers')];
  },
};

function walkOver(root: AnyModule): Walk<AnyModule> {
  const found = walk(root, KIND);
  for (const module of found.modules) named.add(module);
  return found;
}

/** Names a module that is called before a walk found it: as a root, or after the module that calls it. */
function nameCalled(module: AnyModule): void {
  const [root, parent] = [calling[0], calling.at(-1)];
  // It may have been made since the last walk.
  if (root !== undefined) walkOver(root);
  if (named.has(module)) return;
  if (parent !== undefined) {
    const name = `<${module.constructor.name}>`;
    module.path = parent.path === '' ? name : `${parent.path}.${name}`;
    noteHidden(module, parent);
  }
  walkOver(module);
}
