import type { Tensor } from '@infnet/core';
import { InfnetError } from '@infnet/core';

/** The tensor of this name. @throws InfnetError `TASK_INPUT` where there is none */
export function inputNamed(inputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const tensor = inputs[name];
  if (tensor !== undefined) return tensor;
  throw new InfnetError({
    code: 'TASK_INPUT',
    message: `The net asks for the input ${name}, and there are only ${Object.keys(inputs).join(', ') || 'none'}.`,
    fix: "Give the task's inputShapes and its training data the same names.",
  });
}
