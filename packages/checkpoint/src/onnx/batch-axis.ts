/**
 * An open batch size: which tensors have the batch as their first dimension, and which operators then work for every
 * batch.
 *
 * A size says little: a parameter may happen to have the batch's, and broadcasting may move the batch to another place
 * ([1, 3] + [1, 1, 3] has it second). So each operator has a rule by which the batch goes through it; what has none (an
 * operator of the caller's own) is taken to keep it where the first size stays the same.
 */
import { cannotExport } from './emitter.js';
import {
  type OnnxSource,
  type OnnxSourceNode,
  type OnnxSourceOperator,
  type OnnxSourceTensor,
  standardName,
} from './source.js';

/** What one operator does to the batch: which outputs have it, or why it cannot stay open. */
type Rule = (node: OnnxSourceNode, isOpen: readonly boolean[], batch: number) => readonly boolean[] | string;

/** The tensors with an open first dimension. @throws InfnetError `CHECKPOINT_ONNX_OPERATOR` where one fixes it. */
export function batchTensors(
  { inputs }: OnnxSource,
  nodes: readonly OnnxSourceNode[],
  batch: number,
  isOwn: (operator: OnnxSourceOperator) => boolean = () => false,
): Set<OnnxSourceTensor> {
  const open = new Set([...inputs.values()].filter(({ shape }) => shape[0] === batch));
  for (const node of nodes) {
    const isOpen = node.inputs.map((input) => open.has(input));
    if (!isOpen.includes(true)) continue;
    const { operator } = node;
    const known = isOwn(operator) ? undefined : standardName(operator);
    const rule = (known === undefined ? undefined : RULES.get(known)) ?? bySize;
    const found = rule(node, isOpen, batch);
    if (typeof found === 'string')
      throw cannotExport(operator.name, node.scope, found, 'Export with a fixed batch size.');
    for (const [i, output] of node.outputs.entries()) if (found[i]) open.add(output);
  }
  return open;
}

const ON_BATCH = 'it works on the batch dimension, which is to stay open';

/** Input 0 has the batch, everything else is a parameter. */
const firstInput: Rule = ({ outputs }, [first, ...others]) =>
  first !== true || others.includes(true) ? 'the batch is in what should be a parameter' : outputs.map(() => true);

/** `firstInput`; of a norm's statistics, its second output, the batch is in the second dimension. */
const norm: Rule = (node, isOpen, batch) => {
  const found = firstInput(node, isOpen, batch);
  return typeof found === 'string' ? found : [true, false];
};

/** An argument of all values is one of the whole batch. */
const arg: Rule = (node, isOpen, batch) =>
  node.attributes['axis'] === undefined ? ON_BATCH : bySize(node, isOpen, batch);

/** Values of inputs that are aligned at their last dimensions; a size of 1 is repeated. */
const broadcast: Rule = ({ inputs, outputs }, isOpen) => {
  const rank = outputs[0]?.shape.length ?? 0;
  for (const [i, { shape }] of inputs.entries()) {
    if (isOpen[i] && shape.length < rank) {
      return `broadcasting [${shape}] to [${outputs[0]?.shape}] moves the batch from the first dimension`;
    }
    if (!isOpen[i] && shape.length === rank && shape[0] !== 1) {
      return `it takes a value of the fixed size [${shape}] beside the open batch`;
    }
  }
  return outputs.map(() => true);
};

/** Every input must have the batch, since none is repeated. */
const together: Rule = (node, isOpen, batch) => {
  const closed = isOpen.indexOf(false);
  if (closed < 0) return bySize(node, isOpen, batch);
  return `it takes a value of the fixed size [${node.inputs[closed]?.shape}] beside the open batch`;
};

/** The first size stays, and with it what is behind each of its indices. */
const keepsFirst: Rule = (node, isOpen, batch) => {
  const [from, to] = [node.inputs[0]?.shape ?? [], node.outputs[0]?.shape ?? []];
  return from[0] === to[0] ? bySize(node, isOpen, batch) : ON_BATCH;
};

/** A vector of features has no batch; rows have. */
const rows: Rule = (node, isOpen, batch) =>
  (node.inputs[0]?.shape.length ?? 0) < 2 ? ON_BATCH : firstInput(node, isOpen, batch);

/** Rows of the left factor, or the first dimension of both. */
const factors: Rule = (node, isOpen, batch) => {
  if ((node.inputs[0]?.shape.length ?? 0) > 2) return together(node, isOpen, batch);
  return node.attributes['transposeA'] === true ? ON_BATCH : firstInput(node, isOpen, batch);
};

const keepsRank: Rule = (node, isOpen, batch) => {
  const [from, to] = [node.inputs[0]?.shape ?? [], node.outputs[0]?.shape ?? []];
  return from.length === to.length ? keepsFirst(node, isOpen, batch) : ON_BATCH;
};

/** part + previous, and the last as it is. */
const splitStep: Rule = ({ inputs, outputs, ...node }, isOpen, batch) => {
  const sum = broadcast(
    { ...node, inputs: inputs.slice(0, 2), outputs: outputs.slice(0, 1) },
    isOpen.slice(0, 2),
    batch,
  );
  if (typeof sum === 'string' && (isOpen[0] || isOpen[1])) return sum;
  return [isOpen[0] === true || isOpen[1] === true, isOpen[2] === true];
};

const bySize: Rule = ({ attributes, outputs }, _, batch) => {
  const { axis, axes } = attributes;
  if (axis === 0 || (Array.isArray(axes) && axes.includes(0))) return ON_BATCH;
  return outputs.some(({ shape }) => shape[0] !== batch) ? ON_BATCH : outputs.map(() => true);
};

/** The batch stays in front, whole and in its order. */
const leavesBatch =
  (leaves: (attributes: Readonly<Record<string, unknown>>) => boolean): Rule =>
  ({ attributes, outputs }) =>
    leaves(attributes) ? outputs.map(() => true) : ON_BATCH;

const firstIs =
  (name: string, value: number): ((attributes: Readonly<Record<string, unknown>>) => boolean) =>
  ({ [name]: list }) =>
    Array.isArray(list) && list[0] === value;

const picksAll: Rule = (node, isOpen, batch) =>
  firstIs('starts', 0)(node.attributes) && firstIs('steps', 1)(node.attributes)
    ? keepsFirst(node, isOpen, batch)
    : ON_BATCH;

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    conv2d: firstInput,
    convTranspose2d: firstInput,
    linear: rows,
    matmul: factors,
    batchNorm2d: firstInput,
    groupNorm: norm,
    layerNorm: norm,
    layerNorm2d: norm,
    maxPool2d: firstInput,
    avgPool2d: firstInput,
    interpolate: firstInput,
    argmax: arg,
    argmin: arg,
    add: broadcast,
    sub: broadcast,
    mul: broadcast,
    div: broadcast,
    sum: broadcast,
    product: broadcast,
    addResized: broadcast,
    reverseAttention: broadcast,
    splitStep,
    concat: together,
    stack: () => ON_BATCH,
    reshape: keepsFirst,
    permute: leavesBatch(firstIs('axes', 0)),
    pick: picksAll,
    roll: leavesBatch(firstIs('shifts', 0)),
    tile: leavesBatch(firstIs('repeats', 1)),
    sumTo: keepsRank,
    broadcastTo: keepsRank,
  } satisfies Record<string, Rule>),
);
