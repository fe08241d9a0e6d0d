/**
 * stack: tensors end to end along dimension 0 (weights of several convolutions as the weight of one), in one dispatch
 * where a general concatenation needs one for each. Its gradient cuts a gradient apart, in one dispatch too.
 */
import {
  type Attributes,
  apply,
  applyOne,
  checkOptions,
  type Dispatch,
  defineOperator,
  elementCount,
  formatShape,
  InfnetError,
  type Operator,
  sameShape,
  standardOperator,
  type Tensor,
  type TensorLike,
  type View,
} from '@infnet/core';
import { type Kernel, type KernelCall, lineCall, sizedCall } from '@infnet/core/kernels';
import source from './stack.wgsl';

export const stackKernel: Kernel = { name: 'conv-block/stack', source };

/** With the whole this is the 8 storage buffers that every device has. */
const MOST_PARTS = 7;

export interface StackCallOptions {
  /** Number of values of each part. */
  readonly sizes: readonly number[];
  /** Cut the whole apart instead of joining the parts. Default false. */
  readonly apart?: boolean;
}

/**
 * One dispatch; bindings whole, part0, part1, ..., all contiguous from the first element on; 1 to 7 parts.
 *
 * @throws InfnetError `OPTION_...`, `SHAPE_INVALID`.
 */
export function stackCall(options: StackCallOptions): KernelCall {
  checkOptions('stackCall', options, { sizes: 'shape', 'apart?': 'flag' });
  checkOptions(
    'stackCall',
    { parts: options.sizes.length },
    { parts: Array.from({ length: MOST_PARTS }, (_, k) => k + 1) },
  );
  const { sizes, apart = false } = options;
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const parts = (prefix: string): [string, number][] => sizes.map((size, k) => [`${prefix}${k}`, size]);
  const call = lineCall(stackKernel, {
    constants: { COUNT: sizes.length, APART: Number(apart) },
    params: Object.fromEntries(parts('size')),
    invocations: count,
    flops: 0,
    values: 2 * count,
  });
  return sizedCall('stackCall', call, { whole: count, ...Object.fromEntries(parts('part')) });
}

function stackDispatch(whole: View, parts: readonly View[], apart: boolean): Dispatch {
  const sizes = parts.map(({ type }) => elementCount(type.shape));
  const operands = { whole, ...Object.fromEntries(parts.map((part, k) => [`part${k}`, part])) };
  return { ...stackCall({ sizes, apart }), operands };
}

export const stackOperator: Operator = standardOperator(
  defineOperator({
    name: 'stack',
    inputs: ['...parts'],
    outputs: ['whole'],
    infer({ parts }, _attributes, where) {
      const rest = parts[0]?.shape.slice(1) ?? [];
      const fits = parts.every(
        ({ shape, dtype }) => dtype === 'f32' && shape.length > 0 && sameShape(shape.slice(1), rest),
      );
      if (!fits || parts.length < 1 || parts.length > MOST_PARTS) {
        throw new InfnetError({
          code: 'SHAPE_MISMATCH',
          message:
            `stack needs 1 to ${MOST_PARTS} f32 tensors that differ in dimension 0 only, ` +
            `got ${parts.map(({ shape }) => formatShape(shape)).join(' and ')}`,
          where,
        });
      }
      const size = parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
      return { whole: { shape: [size, ...rest], dtype: 'f32' } };
    },
    takesViews: false,
    lower: ({ inputs: { parts }, outputs: { whole } }) => [stackDispatch(whole, parts, false)],
    gradient: ({ inputs: { parts }, outputGradients: { whole: g } }) => ({
      parts: apply(unstackOperator, [g], { sizes: parts.map(({ shape }) => shape[0] as number) }),
    }),
  }),
);

interface UnstackAttributes extends Attributes {
  readonly sizes: readonly number[];
}

/** The parts of a stack, [sizes[k], ...] each. */
export const unstackOperator: Operator<UnstackAttributes> = defineOperator({
  name: 'unstack',
  inputs: ['whole'],
  outputs: ['...parts'],
  infer({ whole: { shape, dtype } }, { sizes }, where) {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const fits = sizes.length <= MOST_PARTS && sizes.every((size) => Number.isInteger(size) && size > 0);
    if (dtype !== 'f32' || !fits || total !== shape[0]) {
      throw new InfnetError({
        code: 'SHAPE_MISMATCH',
        message: `parts of ${sizes.join(' + ')} do not make up ${dtype} ${formatShape(shape)}; at most ${MOST_PARTS} of f32 can`,
        where,
      });
    }
    return { parts: sizes.map((size) => ({ shape: [size, ...shape.slice(1)], dtype })) };
  },
  takesViews: false,
  lower: ({ inputs: { whole }, outputs: { parts } }) => [stackDispatch(whole, parts, true)],
});

/**
 * Tensors end to end along dimension 0.
 *
 * @throws InfnetError `SHAPE_MISMATCH` unless they differ in dimension 0 only and there are at most 7.
 */
export function stack(parts: readonly TensorLike[]): Tensor {
  return applyOne(stackOperator, parts, {});
}
