/** Which store holds the values of which parameter of a plan. */
import { InfnetError } from '@infnet/errors';
import type { Context } from '../context/context.js';
import type { Graph } from '../graph/graph.js';
import { describePlace } from '../module/hidden.js';
import type { Parameter } from '../module/parameter.js';
import type { ParameterStore } from '../module/parameter-store.js';
import { formatShape } from '../tensor/types.js';
import type { Schedule } from './schedule.js';

/** What a plan does with the parameters of one store. */
export interface StoreUse {
  readonly store: ParameterStore;
  /** Parameters whose values it reads. */
  readonly read: readonly Parameter[];
  /** Parameters that get new values. */
  readonly written: readonly Parameter[];
}

/** The stores that hold a plan's parameters, each once. */
export class ParameterUse {
  readonly stores: readonly StoreUse[];
  readonly #owners = new Map<Parameter, ParameterStore>();

  /**
   * @throws InfnetError `PLAN_PARAMETERS` when the graph has parameters and no store is given, or one of another
   *   device; `PARAMETER_UNKNOWN` naming all that are in no store, and why; `PARAMETER_AMBIGUOUS` naming those that are
   *   in several.
   */
  constructor(context: Context, { graph, nodes, parameters }: Schedule, given: readonly ParameterStore[]) {
    const stores = [...new Set(given)];
    if (parameters.size > 0 && stores.length === 0) {
      throw new InfnetError({
        code: 'PLAN_PARAMETERS',
        message: `the traced function uses ${parameters.size} parameters, but no values were given`,
        fix: 'Pass { parameters: new ParameterStore(context, module) } and load or initialize it.',
      });
    }
    for (const store of stores as readonly (Partial<ParameterStore> | null | undefined)[]) {
      if (typeof store?.assertUsable === 'function') continue;
      throw new InfnetError({
        code: 'PLAN_PARAMETERS',
        message: `parameters are given as parameter stores, got ${store?.constructor?.name ?? String(store)}`,
        fix: 'Pass { parameters: new ParameterStore(context, module) }.',
      });
    }
    if (stores.some((store) => store.context.device !== context.device)) {
      throw new InfnetError({
        code: 'PLAN_PARAMETERS',
        message: 'a parameter store lies on another device than the plan',
        fix: 'Make the parameter store on the context of the plan.',
      });
    }
    for (const store of stores) store.assertUsable('preparePlan');
    const unknown: Parameter[] = [];
    for (const parameter of parameters.keys()) {
      const owners = stores.filter((store) => store.has(parameter));
      if (owners.length > 1) throw ambiguous(parameter, owners, stores);
      const [owner] = owners;
      if (owner === undefined) unknown.push(parameter);
      else this.#owners.set(parameter, owner);
    }
    if (unknown.length > 0) throw unknownParameters(graph, unknown);
    const inputs = new Set(nodes.flatMap((node) => node.inputs));
    const outputs = new Set(graph.outputs.values());
    const isRead = (parameter: Parameter): boolean => {
      const tensor = graph.parameters.get(parameter);
      return tensor !== undefined && (inputs.has(tensor) || outputs.has(tensor));
    };
    this.stores = stores.map((store) => ({
      store,
      read: [...parameters.keys()].filter((parameter) => store.has(parameter) && isRead(parameter)),
      written: [...graph.updates.keys()].filter((parameter) => store.has(parameter)),
    }));
  }

  storeOf(parameter: Parameter): ParameterStore {
    return this.#owners.get(parameter) as ParameterStore;
  }
}

function ambiguous(
  parameter: Parameter,
  owners: readonly ParameterStore[],
  stores: readonly ParameterStore[],
): InfnetError {
  const described = owners.map((store) => `number ${stores.indexOf(store)} (${store.parameters.length} parameters)`);
  return new InfnetError({
    code: 'PARAMETER_AMBIGUOUS',
    message: `the parameter "${parameter.name}" is in ${owners.length} of the parameter stores that were given: ${described.join(' and ')}`,
    where: 'preparePlan',
    fix: 'Give a plan one store of each net; a second set of values of the same net is for another plan.',
  });
}

function unknownParameters(graph: Graph, unknown: readonly Parameter[]): InfnetError {
  const lines = unknown.slice(0, 10).map((parameter) => {
    const tensor = graph.parameters.get(parameter);
    const node = graph.nodes.find(({ inputs }) => inputs.some((input) => input === tensor));
    const { user, cause } = describePlace(graph, node?.scope ?? '', parameter);
    const name = parameter.name === '' ? 'a parameter without a name' : `"${parameter.name}"`;
    const why = parameter.unused ? 'it was made with { unused: true }' : cause;
    return `${name} ${formatShape(parameter.shape)}, used by ${user}: ${why}`;
  });
  const more = unknown.length > 10 ? `\n  and ${unknown.length - 10} more` : '';
  return new InfnetError({
    code: 'PARAMETER_UNKNOWN',
    message: `${unknown.length} parameters of the trace are not in the given parameter stores:\n  ${lines.join('\n  ')}${more}`,
    where: 'preparePlan',
    fix:
      'Make the ParameterStore from the module that is traced, after all its parts were added, and keep parts and parameters in ' +
      'ordinary properties (or in arrays, sets, maps or plain objects in properties) of modules.',
  });
}
