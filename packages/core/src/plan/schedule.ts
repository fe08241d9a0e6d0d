/**
 * A schedule: everything about a run that can be known without a GPU. Fusion, placement, the list of dispatches,
 * which buffers they use, and how much memory that is. Making one touches no device, so it can be inspected, drawn
 * or refused before anything is allocated.
 */
import { InfnetError } from '@infnet/errors';
import { DEFAULT_PROFILE, type DeviceProfile } from '../context/device-profile.js';
import { sumDispatch } from '../gradient/sum.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import type { Dispatch, LowerContext, Precision, Storage, View } from '../graph/operator.js';
import type { Tensor } from '../graph/tensor.js';
import { kernelVariant } from '../kernel/kernel.js';
import { checkNames, checkOptions } from '../kernel/options.js';
import { type Parameter, ParameterSlab } from '../module/parameter.js';
import { byteLength, formatShape } from '../tensor/types.js';
import { checkDispatch, viewFault } from './check-dispatch.js';
import { constantTensors, fuse } from './fuse.js';
import { type Allocation, allocate, lifetimes, liveBytesBound } from './memory.js';
import { PlacementTable } from './placement.js';
import type { PlanOptions } from './plan.js';

export interface ScheduleOptions {
  readonly device?: DeviceProfile;
  /** Default `fast`; see `Precision`. */
  readonly precision?: Precision;
  /** Whether parameters change between runs (training). Default false: what follows from them is computed once. */
  readonly liveParameters?: boolean;
  /** Set false to plan every node by itself, for tests that compare. Default true. */
  readonly fusion?: boolean;
  /** Names of inputs and outputs whose memory somebody else provides. */
  readonly external?: ReadonlySet<string>;
}

/** A dispatch with the module path and the operator it belongs to. */
export interface ScheduledDispatch extends Dispatch {
  readonly scope: string;
  readonly operator: string;
}

/** Figures in bytes, known before the first run. */
export interface PlanMemory {
  /** Buffers for inputs, intermediates and outputs. */
  readonly activations: number;
  /** What would be alive at once at most: the bound no plan can beat. */
  readonly activationsLowerBound: number;
  /** What would be needed without reuse. */
  readonly activationsWithoutReuse: number;
  /** Computed once from the parameters. */
  readonly constants: number;
  readonly parameters: number;
  readonly uniforms: number;
  /** Copies of the outputs that JavaScript reads. */
  readonly readback: number;
  readonly total: number;
}

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

/** Options of `schedule` and of `preparePlan`, which hands on all of its own. */
const OPTIONS: Readonly<Record<keyof ScheduleOptions | keyof PlanOptions, true>> = {
  device: true,
  precision: true,
  liveParameters: true,
  fusion: true,
  external: true,
  parameters: true,
  bind: true,
  arena: true,
  memoryBudget: true,
  maxSubmitSeconds: true,
  tuning: true,
  onProgress: true,
  onMessage: true,
};
export const PLAN_OPTIONS: readonly string[] = Object.keys(OPTIONS);
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
    external = new Set(),
  } = options;
  checkOptions('plan', { precision: wanted }, { precision: PRECISIONS });
  const precision = wanted === 'half' && !device.hasF16 ? 'fast' : wanted;
  const frozenParameters = !liveParameters && graph.updates.size === 0;
  const nodes = reachable(graph, fusion ? fuse(graph, { device, precision, frozenParameters }) : graph.nodes);
  const constants = constantTensors(graph, nodes, frozenParameters);
  const { lowering, constantDispatches, dispatches } = lowerAll(graph, nodes, constants, device, precision);

  const inputs = new Map([...graph.inputs].map(([name, tensor]) => [name, lowering.view(tensor)]));
  const outputs = new Map([...graph.outputs].map(([name, tensor]) => [name, lowering.resultView(tensor)]));
  const parameters = new Map(
    [...graph.parameters].map(([parameter, tensor]) => [parameter, lowering.view(tensor).storage]),
  );

  const lives = lifetimes(dispatches);
  // What is returned lives to the end (an input returned as it is, too), and an input nobody reads still needs its
  // buffer.
  const end = Math.max(0, dispatches.length - 1);
  for (const { storage } of inputs.values()) if (!lives.has(storage)) lives.set(storage, { first: 0, last: 0 });
  for (const { storage } of outputs.values()) lives.set(storage, { first: lives.get(storage)?.first ?? 0, last: end });
  const persistent = (storage: Storage): boolean => storage.kind === 'parameter' || storage.kind === 'constant';
  for (const storage of [...lives.keys()]) if (persistent(storage)) lives.delete(storage);
  for (const [name, { storage }] of [...inputs, ...outputs]) if (external.has(name)) lives.delete(storage);
  const constantStorages = [...new Set(constantDispatches.flatMap((dispatch) => operandStorages(dispatch)))].filter(
    (storage) => storage.kind !== 'parameter',
  );
  const allocations = allocate(lives);
  const read = [...outputs].filter(([name]) => !external.has(name)).map(([, { storage }]) => storage);
  const memory = measure(
    allocations,
    read,
    lives,
    constantStorages,
    parameters,
    constantDispatches.length + dispatches.length,
    device,
  );
  return {
    graph,
    precision,
    nodes,
    constantDispatches,
    dispatches,
    allocations,
    constantStorages,
    inputs,
    outputs,
    parameters,
    memory,
  };
}

interface Lowered {
  readonly lowering: Lowering;
  readonly constantDispatches: readonly ScheduledDispatch[];
  readonly dispatches: readonly ScheduledDispatch[];
}

/**
 * Places and lowers all nodes. Whether a kernel can work on a part of a larger tensor is seen from its text, and so
 * only when its node was lowered: where it cannot, the tensor gets memory of its own (so that a copy stays), and all is
 * placed and lowered once more.
 */
function lowerAll(
  graph: Graph,
  nodes: readonly GraphNode[],
  constants: ReadonlySet<Tensor>,
  device: DeviceProfile,
  precision: Precision,
): Lowered {
  const apart = new Set<Tensor>();
  for (;;) {
    const lowering = new Lowering(graph, nodes, constants, device, precision, apart);
    const before = apart.size;
    const isConstant = (node: GraphNode): boolean => constants.has(node.outputs[0]);
    const constantDispatches = nodes.filter(isConstant).flatMap((node) => lowering.lower(node));
    const dispatches = nodes.filter((node) => !isConstant(node)).flatMap((node) => lowering.lower(node));
    dispatches.push(...lowering.lowerUpdates());
    if (apart.size === before) {
      return { lowering, constantDispatches, dispatches: [...lowering.oldValues, ...dispatches] };
    }
  }
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

class Lowering {
  readonly #placement: PlacementTable;
  readonly #storages = new Map<Tensor, Storage>();
  /** Copies of parameters that the run changes, for results that are their values before it. */
  readonly #old = new Map<Tensor, View>();
  readonly #oldValues: ScheduledDispatch[] = [];
  #nextId = 0;

  constructor(
    readonly graph: Graph,
    nodes: readonly GraphNode[],
    readonly constants: ReadonlySet<Tensor>,
    readonly device: DeviceProfile,
    readonly precision: Precision,
    /** Tensors that are not placed in others; those are added that a kernel turns out to need whole. */
    readonly apart: Set<Tensor>,
  ) {
    this.#placement = new PlacementTable(graph, nodes, constants, apart);
    const own = (tensors: Iterable<Tensor>, kind: Storage['kind'], label: string): void => {
      for (const tensor of tensors) this.#storages.set(tensor, this.#storage(byteLength(tensor.type), kind, label));
    };
    for (const [name, tensor] of graph.inputs) own([tensor], 'input', name);
    for (const [parameter, tensor] of graph.parameters) own([tensor], 'parameter', parameter.name);
    for (const [name, tensor] of graph.outputs) {
      const { root } = this.#placement.locate(tensor);
      if (!this.#storages.has(root)) own([root], constants.has(root) ? 'constant' : 'output', name);
    }
    for (const [name, tensor] of graph.outputs) this.#keepOld(tensor, name, (each) => this.#isWritten(each));
    // Two parameters may lie in one buffer, which no dispatch can read and write at once.
    for (const [parameter, value] of graph.updates) this.#keepOld(value, parameter.name, (each) => each !== parameter);
  }

  /** What a run does first: the old values that are asked for are copied before anything writes over them. */
  get oldValues(): readonly ScheduledDispatch[] {
    return this.#oldValues;
  }

  /** Where an output or a new value of a parameter lies at the end of a run. */
  resultView(tensor: Tensor): View {
    return this.#old.get(tensor) ?? this.view(tensor);
  }

  #keepOld(tensor: Tensor, label: string, isNeeded: (parameter: Parameter) => boolean): void {
    const [parameter] = [...this.graph.parameters].find(([, own]) => own === tensor) ?? [];
    if (parameter === undefined || this.#old.has(tensor) || !isNeeded(parameter)) return;
    const storage = this.#storage(byteLength(tensor.type), 'output', label);
    const to = { ...this.view(tensor), storage };
    this.#old.set(tensor, to);
    this.#oldValues.push({ ...sumDispatch([this.view(tensor)], to), scope: parameter.name, operator: 'old value' });
  }

  /** Whether an update writes to a parameter, to a slab that it lies in, or to one that lies in it. */
  #isWritten(parameter: Parameter): boolean {
    const members = (each: Parameter): Iterable<Parameter> =>
      each instanceof ParameterSlab ? each.members.keys() : [each];
    const own = new Set(members(parameter));
    return [...this.graph.updates.keys()].some((each) => [...members(each)].some((member) => own.has(member)));
  }

  view(tensor: Tensor, label = 'tensor'): View {
    const { root, offset, batchStride } = this.#placement.locate(tensor);
    let storage = this.#storages.get(root);
    if (storage === undefined) {
      storage = this.#storage(byteLength(root.type), this.constants.has(root) ? 'constant' : 'intermediate', label);
      this.#storages.set(root, storage);
    }
    return { storage, offset, batchStride, type: tensor.type };
  }

  lower(node: GraphNode): ScheduledDispatch[] {
    const { operator, scope, attributes } = node;
    const label = scope === '' ? operator.name : scope;
    const constant = this.constants.has(node.outputs[0]);
    const context: LowerContext = {
      attributes,
      inputs: node.inputs.map((input) => this.view(input, label)),
      outputs: node.outputs.map((output) => this.view(output, label)),
      device: this.device,
      precision: this.precision,
      scratch: (elements, name = 'scratch') => {
        const kind = constant ? 'constant' : 'scratch';
        const storage = this.#storage(elements * 4, kind, `${label} ${name}`);
        return { storage, offset: 0, batchStride: elements, type: { shape: [elements], dtype: 'f32' } };
      },
    };
    const dispatches = operator.lower(context);
    const where = scope === '' ? operator.name : `${scope}, ${operator.name}`;
    for (const dispatch of dispatches) {
      checkDispatch(dispatch, this.device, where);
      for (const [name, view] of Object.entries(dispatch.operands)) this.#checkView(node, dispatch, name, view, where);
    }
    checkWritten(node, dispatches, context.outputs, where);
    return dispatches.map((dispatch) => ({ ...dispatch, scope, operator: operator.name }));
  }

  /** Notes which tensors must not be placed, because this kernel takes the operand only from the start of a storage. */
  #checkView(node: GraphNode, dispatch: Dispatch, name: string, view: View, where: string): void {
    const fault = viewFault(dispatch, name, view);
    if (fault === undefined || view.storage.kind === 'scratch') return;
    const placed = [...node.inputs, ...node.outputs].filter(
      (tensor) => this.#placement.isPlaced(tensor) && this.view(tensor).storage === view.storage,
    );
    const there = placed.filter((tensor) => this.view(tensor).offset === view.offset);
    if (node.operator.takesViews !== true && placed.length > 0) {
      for (const tensor of there.length > 0 ? there : placed) this.apart.add(tensor);
      return;
    }
    throw new InfnetError({
      code: 'KERNEL_VIEW',
      message: `the operand "${name}" is a part of a larger tensor: ${fault}`,
      where: `${where}, kernel ${dispatch.kernel.name}`,
      fix: `Give the kernel parameters ${name}Offset and ${name}BatchStride, add them to its indices, and do not set takesViews to true before.`,
    });
  }

  /** Copies new values of parameters into their memory, but for those that were written there in place. */
  lowerUpdates(): ScheduledDispatch[] {
    return [...this.graph.updates].flatMap(([parameter, value]) => {
      const to = this.view(this.graph.parameter(parameter));
      if (value === this.graph.parameter(parameter)) return [];
      const from = this.resultView(value);
      if (from.storage === to.storage) return [];
      return [{ ...sumDispatch([from], to), scope: parameter.name, operator: 'update' }];
    });
  }

  #storage(bytes: number, kind: Storage['kind'], label: string): Storage {
    // WebGPU bindings need at least 4 bytes and sizes that are multiples of 4; an empty tensor gets one element.
    return { id: this.#nextId++, bytes: Math.max(4, Math.ceil(bytes / 4) * 4), kind, label };
  }
}

/** Every result must be written by a dispatch, or lie where it is already: memory that nobody wrote holds anything. */
function checkWritten(
  { operator, attributes }: GraphNode,
  dispatches: readonly Dispatch[],
  views: readonly View[],
  where: string,
): void {
  if (operator.placement?.(attributes) !== undefined) return;
  const written = new Set<Storage>();
  for (const { kernel, constants, operands } of dispatches) {
    for (const { name, access } of kernelVariant(kernel, constants).bindings) {
      const view = operands[name];
      if (access === 'read_write' && view !== undefined) written.add(view.storage);
    }
  }
  const missing = views.findIndex(({ storage }) => !written.has(storage));
  if (missing < 0) return;
  throw new InfnetError({
    code: 'KERNEL_OPERANDS',
    message: `no dispatch writes output ${missing} ${formatShape(views[missing]?.type.shape ?? [])}`,
    where,
    fix: 'Bind it to a storage buffer that the kernel declares as read_write.',
  });
}

export function operandStorages(dispatch: Dispatch): Storage[] {
  return Object.values(dispatch.operands).map((view) => view.storage);
}

function measure(
  allocations: readonly Allocation[],
  read: readonly Storage[],
  lives: Parameters<typeof liveBytesBound>[0],
  constantStorages: readonly Storage[],
  parameters: ReadonlyMap<Parameter, Storage>,
  dispatches: number,
  device: DeviceProfile,
): PlanMemory {
  const sum = (sizes: Iterable<{ readonly bytes: number }>): number =>
    [...sizes].reduce((total, { bytes }) => total + bytes, 0);
  const activations = sum(allocations);
  const constants = sum(constantStorages);
  // A slab holds its members: they are not counted again.
  const slabs = [...parameters.keys()].filter((parameter) => parameter instanceof ParameterSlab);
  const inSlabs = new Set<Parameter>(slabs.flatMap(({ members }) => [...members.keys()]));
  const counted = [...parameters].filter(([parameter]) => !inSlabs.has(parameter));
  const parameterBytes = sum(counted.map(([, storage]) => storage));
  const uniforms = dispatches * device.limits.minUniformBufferOffsetAlignment;
  const readback = sum(read);
  return {
    activations,
    activationsLowerBound: liveBytesBound(lives),
    activationsWithoutReuse: sum(lives.keys()),
    constants,
    parameters: parameterBytes,
    uniforms,
    readback,
    total: activations + constants + parameterBytes + uniforms + readback,
  };
}
