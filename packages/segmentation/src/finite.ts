import { InfnetError } from '@infnet/core';

/**
 * The one check of what a net gave: nothing is made of numbers that are none.
 *
 * @param what there is none of
 * @throws InfnetError `RESULT_NOT_FINITE`
 */
export function requireFinite(values: Float32Array, what = 'result for this slice', where?: string): void {
  if (values.every(Number.isFinite)) return;
  throw new InfnetError({
    code: 'RESULT_NOT_FINITE',
    message: `The net gave values that are not finite, so there is no ${what}.`,
    ...(where === undefined ? {} : { where }),
    fix: 'Check the weights: values that are not finite or far too large give this. If the weights are right, report it with the output of: infnet doctor',
  });
}
