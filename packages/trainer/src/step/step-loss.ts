/** What the traced loss function returns, and which names it may use. */
import { checkNames, InfnetError, Tensor } from '@infnet/core';

/** Inputs and outputs of the plan that are not the user's begin so. */
export const OWN = 'step/';

/** What the traced loss function returns. */
export interface StepLoss {
  /** A scalar. */
  readonly loss: Tensor;
  /** Scalars to report beside it, by name. */
  readonly parts?: Readonly<Record<string, Tensor>>;
  /** Tensors that a run can read back, by name (predictions). */
  readonly outputs?: Readonly<Record<string, Tensor>>;
}

/** @throws InfnetError `TRAINING_LOSS`, `TRAINING_NAME`. */
export function asStepLoss(result: Tensor | StepLoss): StepLoss {
  const loss = result instanceof Tensor ? { loss: result } : result;
  checkNames('the loss function', loss, ['loss', 'parts', 'outputs'], 'field');
  refuseOwn('an output', Object.keys(loss.outputs ?? {}));
  if (Object.hasOwn(loss.parts ?? {}, 'loss')) {
    throw new InfnetError({
      code: 'TRAINING_LOSS',
      message: 'a part of the loss is called "loss", as the whole is',
      fix: 'Give the part another name.',
    });
  }
  for (const [name, tensor] of Object.entries({ loss: loss.loss, ...loss.parts })) {
    if (tensor.shape.every((extent) => extent === 1) && tensor.dtype === 'f32') continue;
    throw new InfnetError({
      code: 'TRAINING_LOSS',
      message: `"${name}" is ${tensor.dtype} [${tensor.shape.join(', ')}]; a loss is one f32 number`,
      fix: 'Reduce it (mean, sum).',
    });
  }
  return loss;
}

/** A name of the user's in the place of one of the step's own would be taken for it. */
export function refuseOwn(what: string, names: readonly string[]): void {
  const taken = names.find((name) => name.startsWith(OWN));
  if (taken === undefined) return;
  throw new InfnetError({
    code: 'TRAINING_NAME',
    message: `${what} is called "${taken}"; names that begin with "${OWN}" are the step's own`,
    fix: 'Give it another name.',
  });
}
