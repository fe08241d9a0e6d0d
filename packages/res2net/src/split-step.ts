/**
 * The kernel that only a Res2Net block needs: one sum of its ladder, and the last split put into its place on the way.
 */
import {
  type Attributes,
  applyNamed,
  checkOptions,
  defineOperator,
  dispatch,
  formatShape,
  InfnetError,
  type NamedOperator,
  type Shape,
  sameShape,
  standardOperator,
  type Tensor,
  type TensorType,
} from '@infnet/core';
import {
  alike,
  batchedLines,
  batchSize,
  itemSize,
  type Kernel,
  type KernelCall,
  type OperandRanges,
  placeOperands,
  rangeTable,
  sizedCall,
} from '@infnet/core/kernels';
import source from './split-step.wgsl';

export const splitStepKernel: Kernel = { name: 'res2net/split-step', source };

/** Values of the constant PREVIOUS_IN; see the kernel. */
const OWN = 0;
const RESULTS = { passed: 1, sum: 2 } as const;

const OPERANDS = ['part', 'previous', 'last', 'sum', 'passed'] as const;

export interface SplitStepCallOptions {
  /** [N, C, H, W] of one split. */
  readonly shape: Shape;
  /** Where the operands lie. Default: from the first element on. */
  readonly ranges?: OperandRanges<(typeof OPERANDS)[number]>;
  /** The result in whose buffer `previous` lies; it is read through that binding. Default: a buffer of its own. */
  readonly previousIn?: 'passed' | 'sum';
}

/**
 * One dispatch of `sum = part + previous` and `passed = last`; bindings part, last, sum, passed (and previous).
 * The ranges of `sum` and `passed` must not overlap what is read.
 *
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function splitStepCall(options: SplitStepCallOptions): KernelCall {
  const where = 'splitStepCall';
  const table = { shape: 'image', ...rangeTable(...OPERANDS), 'previousIn?': ['passed', 'sum'] } as const;
  checkOptions(where, options, table);
  const { shape, ranges, previousIn } = options;
  const [batch, count] = [batchSize(shape), itemSize(shape)];
  const grid = batchedLines(Math.ceil(count / 256), batch);
  const { params, sizes } = placeOperands(alike(shape, ...OPERANDS), ranges);
  const call: KernelCall = {
    kernel: splitStepKernel,
    constants: { PREVIOUS_IN: previousIn === undefined ? OWN : RESULTS[previousIn], ...grid.constants },
    params: { count, ...grid.params, ...params },
    workgroups: grid.workgroups,
    flops: count * batch,
    bytes: 5 * 4 * count * batch,
  };
  const own = sizedCall(where, call, sizes);
  if (previousIn === undefined) return own;
  // Read through the result in whose buffer it lies.
  const { elements = {} } = own;
  return {
    ...own,
    elements: { ...elements, [previousIn]: Math.max(elements.previous ?? 0, elements[previousIn] ?? 0) },
  };
}

const INPUTS = ['part', 'previous', 'last'] as const;
const OUTPUTS = ['sum', 'passed'] as const;

/** Its gradient needs no kernel: it passes gradients on. */
export const splitStepOperator: NamedOperator<typeof INPUTS, typeof OUTPUTS> = standardOperator(
  defineOperator({
    name: 'splitStep',
    inputs: INPUTS,
    outputs: OUTPUTS,
    infer({ part, previous, last }, _attributes: Attributes, where) {
      const splits = [part, previous, last];
      if (!sameSplits(splits)) {
        const shapes = splits.map(({ shape, dtype }) => `${dtype} ${formatShape(shape)}`).join(', ');
        throw new InfnetError({
          code: 'SHAPE_MISMATCH',
          message: `a step of a Res2Net block needs three f32 splits [N, C, H, W] of one shape, got ${shapes}`,
          where,
          fix: 'Split the channels into equal parts, and use stride 1 where splits are added to each other.',
        });
      }
      return { sum: part, passed: last };
    },
    // previous, in the joined result that passed, or sum, is a range of.
    sharesStorage: () => [1],
    lower({ inputs: { part, previous, last }, outputs: { sum, passed } }) {
      const previousIn =
        previous.storage === passed.storage ? 'passed' : previous.storage === sum.storage ? 'sum' : undefined;
      const ranges = { part, previous, last, sum, passed };
      const call = splitStepCall({ shape: part.type.shape, ranges, previousIn });
      return [dispatch(call, { ...ranges, previous: previousIn === undefined ? previous : undefined })];
    },
    gradient: ({ outputGradients: { sum, passed } }) => ({ part: sum, previous: sum, last: passed }),
  }),
);

function sameSplits(inputs: readonly TensorType[]): boolean {
  const [first] = inputs;
  return (
    first?.shape.length === 4 && inputs.every(({ shape, dtype }) => dtype === 'f32' && sameShape(shape, first.shape))
  );
}

/**
 * One step of the ladder: `part + previous`, and `last` moved towards its place in the joined result.
 *
 * @throws InfnetError `SHAPE_MISMATCH`.
 */
export function splitStep(
  part: Tensor,
  previous: Tensor,
  last: Tensor,
): { readonly sum: Tensor; readonly passed: Tensor } {
  return applyNamed(splitStepOperator, { part, previous, last }, {});
}
