/**
 * Which module computes under which path of a trace, so that a parameter that no walk found can be told by its place.
 */
import type { Graph } from '../graph/graph.js';
import type { Parameter } from './parameter.js';

/** What is asked of a module here. */
interface Caller {
  readonly path: string;
  parameters(): readonly Parameter[];
}

const callers = new WeakMap<Graph, Map<string, Set<Caller>>>();
/** Modules that were called inside of another one whose walk does not reach them, and that one. */
const parents = new WeakMap<Caller, Caller>();

export function noteCall(graph: Graph, module: Caller): void {
  const byPath = callers.get(graph) ?? new Map<string, Set<Caller>>();
  callers.set(graph, byPath);
  const { path } = module;
  byPath.set(path, (byPath.get(path) ?? new Set()).add(module));
}

export function noteHidden(module: Caller, parent: Caller): void {
  parents.set(module, parent);
}

/** Who uses a parameter at `path` (`Conv2d at "block1.<Conv2d>"`), and why it is in no store. */
export function describePlace(
  graph: Graph,
  path: string,
  parameter: Parameter,
): { readonly user: string; readonly cause: string } {
  const modules = [...(callers.get(graph)?.get(path) ?? [])];
  const holder = modules.find((module) => module.parameters().includes(parameter));
  const module = holder ?? modules.at(-1);
  if (module === undefined) return { user: 'the traced function', cause: 'no module that was called holds it' };
  const className = module.constructor.name;
  const user = path === '' ? className : `${className} at "${path}"`;
  const parent = parents.get(module);
  if (holder !== undefined && parent === undefined) {
    return { user, cause: `no store was made of this ${className}, or it was made before this part was added` };
  }
  const [from, what] = parent === undefined ? [module, 'it'] : [parent, `this ${className}`];
  return {
    user,
    cause: `the walk over the properties of ${from.constructor.name} does not reach ${what} (a #private field, a variable, an object of a class?)`,
  };
}
