/** The two operators that differentiation itself needs: the sum of several gradients, and a gradient to start from. */
import { InfnetError } from '@infnet/errors';
import { defineOperator } from '../graph/define-operator.js';
import { dispatch } from '../graph/dispatch.js';
import type { Graph } from '../graph/graph.js';
import { applyOne } from '../graph/graph.js';
import type { Dispatch, Operator, View } from '../graph/operator.js';
import { standardOperator } from '../graph/standard.js';
import type { Tensor } from '../graph/tensor.js';
import { lineCall } from '../kernel/call.js';
import { batchedLines, type Kernel } from '../kernel/kernel.js';
import fillSource from '../kernels/fill.wgsl';
import sumSource from '../kernels/sum.wgsl';
import { elementCount, formatShape, type Shape, sameShape } from '../tensor/types.js';

export const sumKernel: Kernel = { name: 'core/sum', source: sumSource };
export const fillKernel: Kernel = { name: 'core/fill', source: fillSource };

/** Tensors that one dispatch may add; with the result this stays under the 8 storage buffers every device has. */
const MOST_INPUTS = 6;

/** One dispatch that writes the sum of `inputs` (one input: a copy). */
export function sumDispatch(inputs: readonly View[], y: View): Dispatch {
  const [items = 1, ...rest] = y.type.shape;
  // Operands without gaps are added as one line, whatever their shape: a vector is no batch of single values.
  const flat = [...inputs, y].every((view) => view.batchStride === elementCount(rest));
  const batch = flat ? 1 : items;
  const count = flat ? items * elementCount(rest) : elementCount(rest);
  const grid = batchedLines(Math.ceil(count / 256), batch);
  const named = inputs.map((view, i) => [`x${i}`, view] as const);
  const total = count * batch;
  return {
    kernel: sumKernel,
    constants: { COUNT: inputs.length, ...grid.constants },
    params: {
      count,
      ...grid.params,
      yOffset: y.offset,
      yBatchStride: y.batchStride,
      ...Object.fromEntries(
        named.flatMap(([name, view]) => [
          [`${name}Offset`, view.offset],
          [`${name}BatchStride`, view.batchStride],
        ]),
      ),
    },
    workgroups: grid.workgroups,
    flops: total * (inputs.length - 1),
    bytes: 4 * total * (inputs.length + 1),
    operands: { ...Object.fromEntries(named), y },
  };
}

export const sumOperator: Operator = standardOperator(
  defineOperator({
    name: 'sum',
    inputs: ['...parts'],
    outputs: ['y'],
    infer({ parts }, _attributes, where) {
      const [first] = parts;
      const odd = parts.find((part) => part.dtype !== 'f32' || !sameShape(part.shape, first?.shape ?? []));
      if (first === undefined || odd !== undefined || parts.length > MOST_INPUTS) {
        throw new InfnetError({
          code: 'SHAPE_MISMATCH',
          message: `sum needs 1 to ${MOST_INPUTS} f32 tensors of one shape, got ${parts.map(({ shape, dtype }) => `${dtype} ${formatShape(shape)}`).join(' and ')}`,
          where,
        });
      }
      return { y: first };
    },
    lower: ({ inputs: { parts }, outputs: { y } }) => [sumDispatch(parts, y)],
    gradient: ({ inputs: { parts }, outputGradients: { y: g } }) => ({ parts: parts.map(() => g) }),
  }),
);

/** Sum of any number of tensors of one shape. */
export function sumTensors(tensors: readonly Tensor[]): Tensor {
  let [sum] = tensors;
  for (let at = 1; sum === undefined || at < tensors.length; at += MOST_INPUTS - 1) {
    const some = tensors.slice(at, at + MOST_INPUTS - 1);
    sum = applyOne(sumOperator, sum === undefined ? some : [sum, ...some], {});
  }
  return sum;
}

interface FillAttributes extends Record<string, unknown> {
  readonly shape: Shape;
  readonly value: number;
}

export const fillOperator: Operator<FillAttributes> = defineOperator({
  name: 'fill',
  inputs: [],
  outputs: ['y'],
  infer: (_inputs, { shape }) => ({ y: { shape, dtype: 'f32' } }),
  takesViews: false,
  lower({ attributes: { shape, value }, outputs: { y } }) {
    const invocations = elementCount(shape);
    const call = lineCall(fillKernel, { params: { value }, invocations, flops: 0, values: invocations });
    return [dispatch(call, { y })];
  },
});

/** A tensor with one value everywhere. */
export function fill(graph: Graph, shape: Shape, value: number): Tensor {
  const node = graph.makeNode(fillOperator, [], { shape, value });
  graph.nodes.push(node);
  return node.outputs[0];
}
