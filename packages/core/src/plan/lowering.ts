/**
 * Lowering: nodes become dispatches with views of storages. Where a tensor lies is decided before (`placement.ts`);
 * what a kernel cannot read there is seen here, and all is placed and lowered once more.
 */
import { InfnetError } from '@infnet/errors';
import type { DeviceProfile } from '../context/device-profile.js';
import type { Precision } from '../context/precision.js';
import { sumDispatch } from '../gradient/sum.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import type { Dispatch, LowerContext, Storage, View } from '../graph/operator.js';
import type { Tensor } from '../graph/tensor.js';
import { kernelVariant } from '../kernel/kernel.js';
import { type Parameter, ParameterSlab } from '../module/parameter.js';
import { byteLength, formatShape } from '../tensor/types.js';
import { checkDispatch, viewFault } from './check-dispatch.js';
import { PlacementTable } from './placement.js';

/** A dispatch with the module path and the operator it belongs to. */
export interface ScheduledDispatch extends Dispatch {
  readonly scope: string;
  readonly operator: string;
}

export interface Lowered {
  readonly lowering: Lowering;
  readonly constantDispatches: readonly ScheduledDispatch[];
  readonly dispatches: readonly ScheduledDispatch[];
}

/**
 * Places and lowers all nodes. Whether a kernel can work on a part of a larger tensor is seen from its text, and so
 * only when its node was lowered: where it cannot, the tensor gets memory of its own (so that a copy stays), and all is
 * placed and lowered once more.
 */
export function lowerAll(
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
    const updates = lowering.lowerUpdates();
    if (apart.size === before) {
      return { lowering, constantDispatches, dispatches: [...lowering.oldValues, ...dispatches, ...updates] };
    }
  }
}

export class Lowering {
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
    const give = (tensor: Tensor, kind: Storage['kind'], label: string): void => {
      this.#storages.set(tensor, this.#storage(byteLength(tensor.type), kind, label));
    };
    for (const [name, tensor] of graph.inputs) give(tensor, 'input', name);
    for (const [parameter, tensor] of graph.parameters) give(tensor, 'parameter', parameter.name);
    for (const [name, tensor] of graph.outputs) {
      const { root } = this.#placement.locate(tensor);
      if (!this.#storages.has(root)) give(root, constants.has(root) ? 'constant' : 'output', name);
    }
    const own = new Map([...graph.parameters].map(([parameter, tensor]) => [tensor, parameter]));
    const written = new Set([...graph.updates.keys()].flatMap(membersOf));
    for (const [name, tensor] of graph.outputs) {
      const parameter = own.get(tensor);
      if (parameter !== undefined && membersOf(parameter).some((member) => written.has(member)))
        this.#keepOld(tensor, parameter, name);
    }
    // Two parameters may lie in one buffer, which no dispatch can read and write at once.
    for (const [updated, value] of graph.updates) {
      const parameter = own.get(value);
      if (parameter !== undefined && parameter !== updated) this.#keepOld(value, parameter, updated.name);
    }
  }

  /** What a run does first: the old values that are asked for are copied before anything writes over them. */
  get oldValues(): readonly ScheduledDispatch[] {
    return this.#oldValues;
  }

  /** Where an output or a new value of a parameter lies at the end of a run. */
  resultView(tensor: Tensor): View {
    return this.#old.get(tensor) ?? this.view(tensor);
  }

  /** The tensor of a parameter is asked for as it was before the run. */
  #keepOld(tensor: Tensor, parameter: Parameter, label: string): void {
    if (this.#old.has(tensor)) return;
    const storage = this.#storage(byteLength(tensor.type), 'output', label);
    const to = { ...this.view(tensor), storage };
    this.#old.set(tensor, to);
    this.#oldValues.push({ ...sumDispatch([this.view(tensor)], to), scope: parameter.name, operator: 'old value' });
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
    // Without types one may leave out what there is none of.
    return dispatches.map(({ constants = {}, params = {}, flops = 0, bytes = 0, ...dispatch }) => {
      return { ...dispatch, constants, params, flops, bytes, scope, operator: operator.name };
    });
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

/** A parameter, or those that lie in a slab: what is written with it. */
function membersOf(parameter: Parameter): readonly Parameter[] {
  return parameter instanceof ParameterSlab ? [...parameter.members.keys()] : [parameter];
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
