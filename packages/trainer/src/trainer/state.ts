/** The state of a training: plain data from which it continues bit by bit. */
import { InfnetError, type StateDict } from '@infnet/core';
import type { OptimizerState } from '../optimizer/optimizer.js';

/** Where training stands: what comes next. */
export interface Position {
  /** From 0. */
  readonly epoch: number;
  /** Index of the next unit (a step at one scale) in the epoch. */
  readonly unit: number;
  /** Steps of the optimiser so far. */
  readonly step: number;
}

/** The best validation so far. */
export interface Best {
  readonly epoch: number;
  readonly step: number;
  readonly value: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface TrainerState {
  readonly version: 1;
  readonly seed: number;
  /** Items, batch size, batches per step and scales: a position means something only with the same ones. */
  readonly plan: {
    readonly items: number;
    readonly batchSize: number;
    readonly accumulate: number;
    readonly scales: number;
  };
  readonly position: Position;
  /** Sums of the reported losses of the running epoch, so that its means survive a pause. */
  readonly sums: Readonly<Record<string, number>>;
  readonly summed: number;
  readonly best: Best | undefined;
  /** Validations since the best one. */
  readonly stale: number;
  readonly parameters: StateDict;
  readonly optimizer: OptimizerState;
  /** What a `TrainerCompanion` keeps. */
  readonly companion?: StateDict;
}

/** @throws InfnetError `TRAINER_STATE` when the state is of a training with another order of items. */
export function assertContinues(state: TrainerState, seed: number, plan: TrainerState['plan']): void {
  const differences = Object.entries({ ...plan, seed }).flatMap(([name, value]) => {
    const before = { ...state.plan, seed: state.seed }[name as keyof TrainerState['plan'] | 'seed'];
    return before === value ? [] : [`${name} was ${before}, is ${value}`];
  });
  if (state.version === 1 && differences.length === 0) return;
  throw new InfnetError({
    code: 'TRAINER_STATE',
    message: `the training cannot be continued: ${differences.join('; ') || `unknown version ${state.version}`}`,
    fix: 'Continue with the same data, batch size, scales and seed, or start anew with its weights.',
  });
}
