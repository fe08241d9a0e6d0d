/** detach: where gradients end. Free wherever the planner can make it so. */
import { applyOne, defineOperator, InfnetError, type Operator, type Tensor, type TensorLike } from '@infnet/core';
import { copyReshaped } from './copy.js';

/** The same values, through which no gradient flows. */
export const detachOperator: Operator<Record<string, never>> = defineOperator({
  name: 'detach',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }) => ({ y: x }),
  lower: ({ inputs: { x }, outputs: { y }, scratch }) => copyReshaped(x, y, { scratch }),
  stopsGradient: true,
  selectsValues: true,
  placement: () => ({ kind: 'reshape' }),
});

/** The same values as a constant for gradients: what is computed of it does not train what it was computed from. */
export function detach(x: TensorLike): Tensor {
  return applyOne(detachOperator, [x], {});
}

/** A refusal to leave out a gradient that somebody waits for. @throws InfnetError `GRADIENT_TARGET`, always. */
export function refuseTargetGradient(loss: string, target: string): never {
  throw new InfnetError({
    code: 'GRADIENT_TARGET',
    message: `${target} of ${loss} depends on what a gradient is asked for, and ${loss} has no gradient for it`,
    fix: `Give ${target} as an input, or as detach(...) where it is to count as a constant.`,
  });
}
