/**
 * A schedule: everything about a run that can be known without a GPU. Fusion, placement, the list of dispatches,
 * which buffers they use, and how much memory that is. Making one touches no device, so it can be inspected, drawn
 * or refused before anything is allocated.
 */
import { DEFAULT_PROFILE } from '../context/device-profile.js';
import type { Precision } from '../context/precision.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import type { Dispatch, Storage, View } from '../graph/operator.js';
import type { Tensor } from '../graph/tensor.js';
import { checkNames, checkOptions } from '../kernel/options.js';
import type { Parameter } from '../module/parameter.js';
import type { Lifetime } from './first-fit.js';
import { constantTensors, fuse } from './fuse.js';
import { lowerAll, type ScheduledDispatch } from './lowering.js';
import { type Allocation, allocate, lifetimes } from './memory.js';
import { PLAN_OPTIONS, type ScheduleOptions } from './options.js';
import { measure, type PlanMemory } from './plan-memory.js';
import { shareJoins } from './share-joins.js';

export interface Schedule {
  readonly graph: Graph;
  /** What it was made with: `fast` where `half` was asked for and the device has no float16. */
  readonly precision: Precision;
  readonly nodes: readonly GraphNode[];
  /** Run once per change of the parameters. */
  readonly constantDispatches: readonly ScheduledDispatch[];
  /** Run every time. */
  readonly dispatches: readonly ScheduledDispatch[];
  readonly allocations: readonly Allocation[];
  readonly constantStorages: readonly Storage[];
  readonly inputs: ReadonlyMap<string, View>;
  readonly outputs: ReadonlyMap<string, View>;
  readonly parameters: ReadonlyMap<Parameter, Storage>;
  readonly memory: PlanMemory;
}

const PRECISIONS: readonly Precision[] = ['exact', 'fast', 'half'];

/**
 * Plans a graph. Pure: no device is touched.
 *
 * @throws InfnetError `OPTION_UNKNOWN`, `OPTION_INVALID`; `KERNEL_...` for a dispatch that does not fit its kernel.
 */
export function schedule(graph: Graph, options: ScheduleOptions = {}): Schedule {
  checkNames('plan', options, PLAN_OPTIONS);
  const {
    device = DEFAULT_PROFILE,
    precision: wanted = 'fast',
    liveParameters = false,
    fusion = true,
    external = new Set<string>(),
  } = options;
  checkOptions('plan', { precision: wanted }, { precision: PRECISIONS });
  const precision = wanted === 'half' && !device.hasF16 ? 'fast' : wanted;
  const frozenParameters = !liveParameters && graph.updates.size === 0;
  const fused = fusion ? shareJoins(fuse(graph, { device, precision, frozenParameters })) : graph.nodes;
  const nodes = reachable(graph, fused);
  const constants = constantTensors(graph, nodes, frozenParameters);
  const { lowering, constantDispatches, dispatches } = lowerAll(graph, nodes, constants, device, precision);

  const inputs = new Map([...graph.inputs].map(([name, tensor]) => [name, lowering.view(tensor)]));
  const outputs = new Map([...graph.outputs].map(([name, tensor]) => [name, lowering.resultView(tensor)]));
  const parameters = new Map(
    [...graph.parameters].map(([parameter, tensor]) => [parameter, lowering.view(tensor).storage]),
  );

  const placed = { inputs, outputs, parameters };
  const lives = livesOf(dispatches, placed, external);
  const allocations = allocate(lives);
  const constantStorages = storagesOf(constantDispatches).filter(({ kind }) => kind !== 'parameter');
  const read = [...outputs].filter(([name]) => !external.has(name)).map(([, { storage }]) => storage);
  const count = constantDispatches.length + dispatches.length;
  const memory = measure(allocations, read, lives, constantStorages, parameters, count, device);
  const made = { constantDispatches, dispatches, allocations, constantStorages };
  return { graph, precision, nodes, ...made, ...placed, memory };
}

/** How long each storage that the plan allocates is needed: those of others and those that stay are left out. */
function livesOf(
  dispatches: readonly ScheduledDispatch[],
  { inputs, outputs }: Pick<Schedule, 'inputs' | 'outputs'>,
  external: ReadonlySet<string>,
): Map<Storage, Lifetime> {
  const lives = lifetimes(dispatches);
  // What is returned lives to the end (an input returned as it is, too), and an input nobody reads still needs its
  // buffer.
  const end = Math.max(0, dispatches.length - 1);
  for (const { storage } of inputs.values()) if (!lives.has(storage)) lives.set(storage, { first: 0, last: 0 });
  for (const { storage } of outputs.values()) lives.set(storage, { first: lives.get(storage)?.first ?? 0, last: end });
  const persistent = (storage: Storage): boolean => storage.kind === 'parameter' || storage.kind === 'constant';
  for (const storage of [...lives.keys()]) if (persistent(storage)) lives.delete(storage);
  for (const [name, { storage }] of [...inputs, ...outputs]) if (external.has(name)) lives.delete(storage);
  return lives;
}

function storagesOf(dispatches: readonly Dispatch[]): Storage[] {
  return [...new Set(dispatches.flatMap((dispatch) => operandStorages(dispatch)))];
}

/** Nodes that an output depends on; tracing may record more. */
function reachable(graph: Graph, nodes: readonly GraphNode[]): GraphNode[] {
  const needed = new Set<Tensor>([...graph.outputs.values(), ...graph.updates.values()]);
  const kept: GraphNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    kept.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  return kept.reverse();
}

export function operandStorages(dispatch: Dispatch): Storage[] {
  return Object.values(dispatch.operands).map((view) => view.storage);
}
