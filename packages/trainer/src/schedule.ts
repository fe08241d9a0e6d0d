/** Learning rates over time: functions of how far training is, evaluated before every step. */

/** How far training is. All counts are from 0. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Steps of the optimiser since the start of training. */
  readonly step: number;
  readonly stepsPerEpoch: number;
}

export type LearningRateSchedule = (progress: Progress) => number;

/** The same rate throughout. */
export function constant(rate: number): LearningRateSchedule {
  return () => rate;
}

export interface StepOptions {
  /** Epochs between two drops. Default 50. */
  readonly every?: number;
  /** What the rate is multiplied by. Default 0.1. */
  readonly factor?: number;
}

/** The rate times `factor` after every `every` epochs. */
export function stepDecay(rate: number, { every = 50, factor = 0.1 }: StepOptions = {}): LearningRateSchedule {
  return ({ epoch }) => rate * factor ** Math.floor(epoch / every);
}

/**
 * What the released code does (quirk 14): it counts epochs from 1 and multiplies the current rate by factor ^ floor(epoch /
 * every) in every epoch, so the rate falls tenfold each epoch from the 50th on, and faster from the 100th. For comparison
 * with the reference; `stepDecay` is what the paper means.
 */
export function releasedStep(rate: number, { every = 50, factor = 0.1 }: StepOptions = {}): LearningRateSchedule {
  return ({ epoch }) => {
    let exponent = 0;
    for (let e = 1; e <= epoch + 1; e++) exponent += Math.floor(e / every);
    return rate * factor ** exponent;
  };
}

/** Half a cosine from `rate` down to `minimum` over all steps. */
export function cosine(rate: number, { minimum = 0 }: { readonly minimum?: number } = {}): LearningRateSchedule {
  return ({ step, stepsPerEpoch, epochs }) => {
    const share = Math.min(1, step / Math.max(1, stepsPerEpoch * epochs));
    return minimum + ((rate - minimum) * (1 + Math.cos(Math.PI * share))) / 2;
  };
}

/** Another schedule's rate, in the first `steps` steps only (step + 1) / steps of it. */
export function warmUp(schedule: LearningRateSchedule, { steps }: { readonly steps: number }): LearningRateSchedule {
  return (progress) => schedule(progress) * Math.min(1, (progress.step + 1) / Math.max(1, steps));
}
