/** Dispatches of pointwise programs. */
import { type PointwiseProgram, pointwiseCall } from '../kernel/pointwise.js';
import { dispatch } from './dispatch.js';
import type { Dispatch, View } from './operator.js';

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
