/** Dispatches of pointwise programs, and the operator that fusion makes of several. */
import { type PointwiseProgram, pointwiseCall } from '../kernel/pointwise.js';
import type { Shape } from '../tensor/types.js';
import { dispatch } from './dispatch.js';
import type { Dispatch, Operator, View } from './operator.js';

/** The dispatch of a program: inputs and results in the order in which it names them. */
export function pointwiseDispatch(
  name: string,
  program: PointwiseProgram,
  inputs: readonly View[],
  results: readonly View[],
): Dispatch {
  const call = pointwiseCall(name, program, {
    inputs: inputs.map((view) => ({ shape: view.type.shape, range: rangeOf(view) })),
    results: results.map(rangeOf),
    ...(results[0] !== undefined && { shape: results[0].type.shape }),
  });
  const names = [...program.inputs, ...Object.keys(program.results)];
  return dispatch(call, Object.fromEntries([...inputs, ...results].map((view, i) => [names[i] as string, view])));
}

const rangeOf = ({ offset, batchStride }: View): Pick<View, 'offset' | 'batchStride'> => ({ offset, batchStride });

/** Attributes of the operator that does what several did. */
export interface FusedPointwiseAttributes extends Readonly<Record<string, unknown>> {
  readonly program: PointwiseProgram;
  /** Shape of each result. */
  readonly shape: Shape;
}

/** Several pointwise operators as one dispatch. Made by the planner only. */
export const fusedPointwiseOperator: Operator<FusedPointwiseAttributes> = {
  name: 'pointwise',
  infer: (_inputs, { program, shape }) => Object.keys(program.results).map(() => ({ shape, dtype: 'f32' })),
  lower: ({ attributes: { program }, inputs, outputs }) => [
    pointwiseDispatch('core/pointwise', program, inputs, outputs),
  ],
};
