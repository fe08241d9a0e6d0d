/** Which module computes under which path of a trace, so that a parameter that no walk found can be told by its place. */
import type { Graph } from '../graph/graph.js';
import type { AnyModule } from './walk.js';

const callers = new WeakMap<Graph, Map<string, AnyModule>>();
/** Modules that were called inside of another one whose walk does not reach them, and that one. */
const parents = new WeakMap<AnyModule, AnyModule>();

export function noteCall(graph: Graph, module: AnyModule): void {
  const byPath = callers.get(graph) ?? new Map<string, AnyModule>();
  callers.set(graph, byPath);
  byPath.set(module.path, module);
}

export function noteHidden(module: AnyModule, parent: AnyModule): void {
  parents.set(module, parent);
}

/** `Conv2d at "block1.<Conv2d>"`, and why no walk found what it holds. */
export function describePlace(graph: Graph, path: string): { readonly user: string; readonly cause: string } {
  const module = callers.get(graph)?.get(path);
  if (module === undefined) return { user: 'the traced function', cause: 'no module that was given holds it' };
  const className = module.constructor.name;
  const user = path === '' ? className : `${className} at "${path}"`;
  const parent = parents.get(module);
  const holder = parent ?? module;
  const held = parent === undefined ? 'it' : `this ${className}`;
  return {
    user,
    cause: `the walk over the properties of ${holder.constructor.name} does not reach ${held} (a #private field, a variable, an object of a class?)`,
  };
}
