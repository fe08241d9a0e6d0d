/**
 * Writes a traced net as an ONNX model, which other runtimes load.
 *
 * The trace is translated node by node by a table (`operators/`). Nodes that no output needs are left out; parameters
 * become constants under their state-dict keys; nodes are named after the module that made them, so that an error or a
 * profile of the other runtime names the same places as ours.
 */
import { checkpointError, printable } from '../errors.js';
import { batchTensors } from './batch-axis.js';
import { cannotExport, Emitter, type OnnxTranslation } from './emitter.js';
import { encodeOnnx } from './encode.js';
import { ELEMENT_TYPES, type ElementType, type OnnxNode, type OnnxTensor, type OnnxValue } from './model.js';
import { ONNX_OPERATORS } from './operators/index.js';
import {
  type OnnxSource,
  type OnnxSourceNode,
  type OnnxSourceOperator,
  type OnnxSourceTensor,
  type OnnxState,
  standardName,
} from './source.js';

/** Operators of opset 18 (ONNX 1.13, 2022): the first whose `Resize` can leave the batch size open by itself. */
const OPSET = 18;
const IR_VERSION = 8;

export type OnnxTranslations =
  | ReadonlyMap<OnnxSourceOperator, OnnxTranslation>
  | Readonly<Record<string, OnnxTranslation>>;

export interface OnnxExportOptions {
  /** Name of the graph. Default `infnet`. */
  readonly name?: string;
  /** Leave the batch size (the first dimension of all inputs) open. Default false. */
  readonly dynamicBatch?: boolean;
  /** Key-value pairs that readers of the model see: where the weights come from, how images are prepared. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Translations of operators of your own; they come before the built-in ones. By the operator itself (a Map), or by
   * name where only one of the net's operators has that name.
   */
  readonly operators?: OnnxTranslations;
}

/**
 * An ONNX model (opset 18) of a traced net in inference mode, as the bytes of a `.onnx` file. Inputs and outputs have
 * the names and shapes of the trace.
 *
 * @param graph what `trace` of @infnet/core returned.
 * @param state values of all parameters that the trace uses; others are ignored.
 * @throws InfnetError `CHECKPOINT_ONNX_OPERATOR`: an operator without a translation, or used in a way that ONNX cannot
 *   say; `CHECKPOINT_KEYS`: values missing or mis-shaped; `CHECKPOINT_ONNX`: names that clash; `CHECKPOINT_LIMIT`: 2
 *   GiB
 */
export function exportOnnx(
  graph: OnnxSource,
  state: OnnxState,
  options: OnnxExportOptions = {},
): Uint8Array<ArrayBuffer> {
  const { name = 'infnet', dynamicBatch = false, metadata = {}, operators = {} } = options;
  const needed = neededNodes(graph);
  const emitter = new Emitter();
  for (const outside of [...graph.inputs.keys(), ...graph.outputs.keys()]) reserve(emitter, outside);
  for (const [input, tensor] of graph.inputs) emitter.bind(tensor, input);
  const parameters = bindParameters(emitter, graph, state, needed);
  for (const node of needed) emitter.translate(node, translationOf(node, operators, needed));
  const renamed = nameOutputs(emitter, graph);
  const batch = dynamicBatch ? batchOf(graph) : undefined;
  const isOwn = (operator: OnnxSourceOperator): boolean =>
    operators instanceof Map ? operators.has(operator) : Object.hasOwn(operators, operator.name);
  const open = batch === undefined ? new Set<OnnxSourceTensor>() : batchTensors(graph, needed, batch, isOwn);
  const values = (tensors: ReadonlyMap<string, OnnxSourceTensor>): OnnxValue[] =>
    [...tensors].map(([key, tensor]) => ({
      name: key,
      type: elementType(tensor, key),
      shape: open.has(tensor) ? ['batch', ...tensor.shape.slice(1)] : tensor.shape,
    }));
  return encodeOnnx({
    irVersion: IR_VERSION,
    opset: OPSET,
    producer: 'infnet',
    metadata,
    graphName: name,
    nodes: renamed,
    constants: [...parameters, ...emitter.constants.values()],
    inputs: values(graph.inputs),
    outputs: values(graph.outputs),
  });
}

/** The nodes on which an output depends, in the trace's order. */
function neededNodes({ nodes, outputs }: OnnxSource): OnnxSourceNode[] {
  const wanted = new Set(outputs.values());
  const found: OnnxSourceNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    for (const input of node.inputs) wanted.add(input);
    found.push(node);
  }
  return found.reverse();
}

function translationOf(
  { operator, scope }: OnnxSourceNode,
  own: OnnxTranslations,
  nodes: readonly OnnxSourceNode[],
): OnnxTranslation {
  const { name } = operator;
  if (own instanceof Map) {
    const translation = own.get(operator) as OnnxTranslation | undefined;
    if (translation !== undefined) return translation;
  } else if (Object.hasOwn(own, name)) {
    if (nodes.every((node) => node.operator.name !== name || node.operator === operator)) {
      return (own as Readonly<Record<string, OnnxTranslation>>)[name] as OnnxTranslation;
    }
    const fix = 'Give the option operators a Map of operators to translations.';
    throw cannotExport(name, scope, 'the net has two operators of that name, and one translation is given by it', fix);
  }
  const known = Object.hasOwn(ONNX_OPERATORS, name);
  const translation = known && standardName(operator) === name ? ONNX_OPERATORS[name] : undefined;
  if (translation !== undefined) return translation;
  const fix = 'Give its translation by the option operators, or build the net of operators that have one.';
  const why = known ? `it is not infnet's operator of that name, and ` : '';
  throw cannotExport(name, scope, `${why}there is no translation for it`, fix);
}

function reserve(emitter: Emitter, name: string): void {
  if (name !== '' && emitter.reserve(name)) return;
  throw checkpointError(
    'CHECKPOINT_ONNX',
    `The name ${printable(name)} is empty, or is that of two values (inputs, outputs and parameters share one set of names).`,
    'Rename the input or output in the traced function.',
  );
}

/** Constants of the parameters that the needed nodes read. */
function bindParameters(
  emitter: Emitter,
  { parameters }: OnnxSource,
  state: OnnxState,
  nodes: readonly OnnxSourceNode[],
): OnnxTensor[] {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const problems: string[] = [];
  const constants: OnnxTensor[] = [];
  for (const [{ name }, tensor] of parameters) {
    if (!read.has(tensor)) continue;
    reserve(emitter, name);
    emitter.bind(tensor, name);
    const value = state.get(name);
    const fits = value?.shape.length === tensor.shape.length && value.shape.every((s, i) => s === tensor.shape[i]);
    if (value === undefined) problems.push(`${printable(name)}: missing`);
    else if (!fits || value.data.length !== count(tensor.shape))
      problems.push(`${printable(name)}: [${tensor.shape}] needed, [${value.shape}] given`);
    else constants.push({ name, shape: tensor.shape, data: float32(value.data) });
  }
  if (problems.length === 0) return constants;
  throw checkpointError(
    'CHECKPOINT_KEYS',
    `The values of ${problems.length} parameters do not fit: ${problems.slice(0, 10).join('; ')}.`,
    'Give the state dict of the net that was traced.',
    { problems },
  );
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function float32(data: ArrayLike<number | bigint>): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number);
}

/** Gives the values of outputs the outputs' names. Where a value has another name for good, `Identity` passes it on. */
function nameOutputs(emitter: Emitter, { outputs }: OnnxSource): readonly OnnxNode[] {
  const computed = new Set(emitter.nodes.flatMap((node) => node.outputs));
  const names = new Map<string, string>();
  const copies: OnnxNode[] = [];
  for (const [name, tensor] of outputs) {
    const value = emitter.valueOf(tensor);
    if (computed.has(value) && !names.has(value)) names.set(value, name);
    else {
      copies.push({ name: `${name}/Identity`, type: 'Identity', inputs: [value], outputs: [name], attributes: {} });
    }
  }
  const rename = (value: string): string => names.get(value) ?? value;
  return [...emitter.nodes, ...copies].map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
}

function batchOf({ inputs }: OnnxSource): number {
  const sizes = new Set([...inputs.values()].map(({ shape }) => shape[0]));
  const [batch] = sizes;
  if (sizes.size === 1 && batch !== undefined) return batch;
  throw checkpointError(
    'CHECKPOINT_ONNX',
    `The inputs have the first sizes ${[...sizes].join(', ')}; an open batch size needs one for all.`,
    'Export with a fixed batch size.',
  );
}

function elementType({ dtype }: OnnxSourceTensor, name: string): ElementType {
  if (Object.hasOwn(ELEMENT_TYPES, dtype)) return dtype as ElementType;
  throw checkpointError('CHECKPOINT_ONNX', `${printable(name)} holds ${dtype}, which is not written.`, 'Use float32.');
}
