/** Learning rates over time: functions of how far training is, evaluated before every step. */
import { checkNames, InfnetError } from '@infnet/core';
import { type NumberRange, numberProblems, SMALLEST } from './numbers.js';

/** How far training is. All counts are from 0. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Steps of the optimiser since the start of training. */
  readonly step: number;
  readonly stepsPerEpoch: number;
}

/**
 * Gives a finite rate of at least 0 for every progress; the trainer refuses any other. Asked more than once for the
 * same one.
 */
export type LearningRateSchedule = (progress: Progress) => number;

/** The same rate throughout. @throws InfnetError `SCHEDULE_OPTION`. */
export function constant(rate: number): LearningRateSchedule {
  check('constant', { rate: { value: rate, least: 0 } });
  return () => rate;
}

export interface StepOptions {
  /** Epochs between two drops. Default 50. */
  readonly every?: number;
  /** What the rate is multiplied by. Default 0.1. */
  readonly factor?: number;
}

/** The rate times `factor` after every `every` epochs. @throws InfnetError `SCHEDULE_OPTION`. */
export function stepDecay(rate: number, options: StepOptions = {}): LearningRateSchedule {
  checkNames('stepDecay', options, ['every', 'factor']);
  const { every = 50, factor = 0.1 } = options;
  check('stepDecay', dropRanges(rate, every, factor));
  return ({ epoch }) => rate * factor ** Math.floor(epoch / every);
}

/**
 * What the released code does (quirk 14): it counts epochs from 1 and multiplies the current rate by factor ^
 * floor(epoch / every) in every epoch, so the rate falls tenfold each epoch from the 50th on, and faster from the
 * 100th. For comparison with the reference; `stepDecay` is what the paper means.
 *
 * @throws InfnetError `SCHEDULE_OPTION`.
 */
export function releasedStep(rate: number, options: StepOptions = {}): LearningRateSchedule {
  checkNames('releasedStep', options, ['every', 'factor']);
  const { every = 50, factor = 0.1 } = options;
  check('releasedStep', dropRanges(rate, every, factor));
  return ({ epoch }) => {
    let exponent = 0;
    for (let e = 1; e <= epoch + 1; e++) exponent += Math.floor(e / every);
    return rate * factor ** exponent;
  };
}

/** Half a cosine from `rate` down to `minimum` over all steps. @throws InfnetError `SCHEDULE_OPTION`. */
export function cosine(rate: number, options: { readonly minimum?: number } = {}): LearningRateSchedule {
  checkNames('cosine', options, ['minimum']);
  const { minimum = 0 } = options;
  check('cosine', { rate: { value: rate, least: 0 }, minimum: { value: minimum, least: 0 } });
  return ({ step, stepsPerEpoch, epochs }) => {
    const share = Math.min(1, step / Math.max(1, stepsPerEpoch * epochs));
    return minimum + ((rate - minimum) * (1 + Math.cos(Math.PI * share))) / 2;
  };
}

/**
 * Another schedule's rate, in the first `steps` steps only (step + 1) / steps of it; 0 steps: none.
 *
 * @throws InfnetError `SCHEDULE_OPTION`.
 */
export function warmUp(schedule: LearningRateSchedule, options: { readonly steps: number }): LearningRateSchedule {
  checkNames('warmUp', options, ['steps']);
  const { steps } = options;
  check('warmUp', { steps: { value: steps, least: 0, whole: true } });
  return (progress) => schedule(progress) * Math.min(1, (progress.step + 1) / Math.max(1, steps));
}

function dropRanges(rate: number, every: number, factor: number): Record<string, NumberRange> {
  return {
    rate: { value: rate, least: 0 },
    every: { value: every, least: 1, whole: true, endless: true },
    factor: { value: factor, least: SMALLEST },
  };
}

function check(where: string, ranges: Readonly<Record<string, NumberRange>>): void {
  const problems = numberProblems(ranges);
  if (problems.length > 0) throw new InfnetError({ code: 'SCHEDULE_OPTION', message: problems.join('; '), where });
}
