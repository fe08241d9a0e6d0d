import { InfnetError } from '@infnet/core';
import type { GradientFigures, StepReport } from '../step/training-step.js';
import type { TrainingData } from './data.js';
import type { Position } from './state.js';

/** Where the step was, and on what. */
export interface Where {
  readonly position: Position;
  readonly items: readonly number[];
  readonly scale: number;
  readonly data: Pick<TrainingData, 'name'>;
}

/** A step gave values that are no finite numbers: it names step, items and largest gradients. */
export function notFinite(report: StepReport, { position, items, scale, data }: Where): InfnetError {
  const { epoch, step } = position;
  const names = items.map((index) => data.name?.(index) ?? `item ${index}`);
  const largest = report.gradients().slice(0, 5);
  const what = !Number.isFinite(report.loss)
    ? 'the loss'
    : !Number.isFinite(report.largestGradient)
      ? 'a gradient'
      : 'a new value of a parameter, of the optimiser or of a running statistic';
  const figures = largest.map(({ name, largest }) => `${name} ${describe(largest)}`).join(', ');
  return new InfnetError({
    code: 'TRAINING_NOT_FINITE',
    message: `${what} is not a finite number in step ${step + 1} (epoch ${epoch + 1}), batch ${names.join(', ')}; largest gradients: ${figures}`,
    where: `step ${step + 1}`,
    fix: 'The step changed nothing. Look at these items, lower the learning rate, or clip gradients (clampGradients).',
    details: {
      epoch,
      step: step + 1,
      scale,
      items: names,
      loss: report.loss,
      parts: report.parts,
      gradients: largest,
    },
  });
}

function describe(largest: GradientFigures['largest']): string {
  return Number.isFinite(largest) ? largest.toPrecision(3) : String(largest);
}
