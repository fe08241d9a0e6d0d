/** Two operators small enough to test core by: a scale-and-add that can fuse and share storage, a join, and a split. */
import {
  apply,
  applyOne,
  type Dispatch,
  elementCount,
  type LowerContext,
  type Operator,
  type Tensor,
  type TensorLike,
  type View,
} from '../src/index.js';
import type { Kernel } from '../src/kernels.js';
import source from './kernels/scale-add.wgsl';

const kernel: Kernel = { name: 'test/scale-add', source };

interface ScaleAttributes extends Record<string, unknown> {
  readonly factor: number;
}

function dispatch(factor: number, x: View, a: View | undefined, y: View): Dispatch {
  const [batch = 1, ...rest] = y.type.shape;
  const count = elementCount(rest);
  const shared = a !== undefined && a.storage === y.storage;
  const operands: Record<string, View> = a === undefined || shared ? { x, y } : { x, a, y };
  return {
    kernel,
    constants: { WG: 64, HAS_ADDEND: Number(a !== undefined), ADDEND_IN_OUTPUT: Number(shared) },
    params: {
      count,
      batch,
      factor,
      xOffset: x.offset,
      xBatchStride: x.batchStride,
      aOffset: a?.offset ?? 0,
      aBatchStride: a?.batchStride ?? 0,
      yOffset: y.offset,
      yBatchStride: y.batchStride,
    },
    workgroups: [Math.ceil(count / 64), batch, 1],
    flops: 2 * count * batch,
    bytes: 8 * count * batch,
    operands,
  };
}

/** y = factor * x (+ a). A following scale without addend is multiplied in. */
export const scaleOperator: Operator<ScaleAttributes> = {
  name: 'scale',
  infer: ([x]) => [{ shape: x?.shape ?? [], dtype: 'f32' }],
  lower: ({ attributes, inputs, outputs }: LowerContext<ScaleAttributes>) => [
    dispatch(attributes.factor, inputs[0] as View, inputs[1], outputs[0] as View),
  ],
  sharesStorage: () => [1],
  gradient: ({ attributes, inputs, outputGradients: [g] }) =>
    g === undefined ? [] : [scale(g, attributes.factor), ...(inputs.length > 1 ? [g] : [])],
  absorbConsumer: (node, consumer) => {
    if (consumer.operator.name !== 'scale' || consumer.inputs.length > 1 || node.inputs.length > 1) return undefined;
    const factor = node.attributes.factor * (consumer.attributes as ScaleAttributes).factor;
    return { operator: scaleOperator as unknown as Operator, inputs: node.inputs, attributes: { factor } };
  },
};

export const joinOperator: Operator = {
  name: 'join',
  infer: (inputs) => {
    const [first] = inputs;
    const channels = inputs.reduce((sum, { shape }) => sum + (shape[1] as number), 0);
    return [{ shape: [first?.shape[0] as number, channels, ...(first?.shape.slice(2) ?? [])], dtype: 'f32' }];
  },
  placement: () => ({ kind: 'joinChannels' }),
  lower: ({ inputs, outputs }) => {
    const [y] = outputs as readonly [View];
    let channel = 0;
    return inputs.flatMap((x) => {
      const inner = elementCount(x.type.shape.slice(2));
      const part: View = { ...y, offset: y.offset + channel * inner, type: x.type };
      channel += x.type.shape[1] as number;
      const inPlace = part.storage === x.storage && part.offset === x.offset && part.batchStride === x.batchStride;
      return inPlace ? [] : [dispatch(1, x, undefined, part)];
    });
  },
};

interface SplitAttributes extends Record<string, unknown> {
  readonly sizes: readonly number[];
}

function startsOf(sizes: readonly number[]): number[] {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return end - size;
  });
}

export const splitOperator: Operator<SplitAttributes> = {
  name: 'split',
  infer: ([x], { sizes }) =>
    sizes.map((size) => ({
      shape: [x?.shape[0] as number, size, ...(x?.shape.slice(2) ?? [])],
      dtype: 'f32' as const,
    })),
  placement: ({ sizes }) => ({ kind: 'channelRanges', starts: startsOf(sizes) }),
  lower: ({ attributes, inputs, outputs }) => {
    const [x] = inputs as readonly [View];
    const inner = elementCount(x.type.shape.slice(2));
    const starts = startsOf(attributes.sizes);
    return outputs.flatMap((y, i) => {
      const part: View = { ...x, offset: x.offset + (starts[i] as number) * inner, type: y.type };
      const inPlace = part.storage === y.storage && part.offset === y.offset;
      return inPlace ? [] : [dispatch(1, part, undefined, y)];
    });
  },
};

export const scale = (x: TensorLike, factor: number, addend?: TensorLike): Tensor =>
  applyOne(scaleOperator, addend === undefined ? [x] : [x, addend], { factor });
export const join = (parts: readonly Tensor[]): Tensor => applyOne(joinOperator, parts, {});
export const split = (x: Tensor, sizes: readonly number[]): readonly Tensor[] => apply(splitOperator, [x], { sizes });
