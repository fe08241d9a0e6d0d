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
  /**
   * Which of the metrics it is the best of, and whether larger is better; absent in states of versions that did not
   * keep it.
   */
  readonly metric?: string;
  readonly larger?: boolean;
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
    /** The rest is absent in states of versions that did not keep it. */
    readonly rates?: readonly number[];
    readonly shuffle?: boolean;
    readonly lastBatch?: 'keep' | 'drop';
    /** A hash of the items' names, where the data set has names. */
    readonly names?: string;
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

/** What a training is that goes on from a state. */
export interface Continuing {
  readonly seed: number;
  readonly plan: TrainerState['plan'];
  readonly epochs: number;
  /** Steps (at one scale) per epoch. */
  readonly units: number;
  readonly best: { readonly metric?: string; readonly larger?: boolean } | undefined;
  readonly hasCompanion: boolean;
}

/** How options are called whose name in the state is another one. */
const CALLED: Readonly<Record<string, string>> = {
  items: 'the number of items',
  names: 'the hash of the names of the items',
  scales: 'the number of scales',
  rates: 'scales',
};

/**
 * @throws InfnetError `TRAINER_STATE` naming every setting with which the state means something else, and both values.
 */
export function assertContinues(state: TrainerState, now: Continuing): void {
  const differences: string[] = [];
  const compare = (name: string, before: unknown, value: unknown): void => {
    if (before === undefined || value === undefined || String(before) === String(value)) return;
    differences.push(`${CALLED[name] ?? name} was ${told(before)}, is ${told(value)}`);
  };
  const before: Readonly<Record<string, unknown>> = { ...state.plan, seed: state.seed };
  for (const [name, value] of Object.entries({ ...now.plan, seed: now.seed })) compare(name, before[name], value);
  const { best } = state;
  compare('best.metric', best?.metric, now.best?.metric);
  compare('best.larger', best?.larger, now.best?.larger ?? true);
  compare('companion', state.companion === undefined ? 'none' : 'there', now.hasCompanion ? 'there' : 'none');
  const { epoch, unit, step } = state.position;
  if (![epoch, unit, step].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    differences.push(`its position is epoch ${epoch}, unit ${unit}, step ${step}`);
  } else if (differences.length === 0 && epoch + Number(unit > 0) > now.epochs) {
    differences.push(`epochs is ${now.epochs}, and epoch ${epoch + Number(unit > 0)} has begun`);
  } else if (differences.length === 0 && unit > now.units) {
    differences.push(`an epoch has ${now.units} steps, and its position is step ${unit}`);
  }
  if (state.version === 1 && differences.length === 0) return;
  throw new InfnetError({
    code: 'TRAINER_STATE',
    message: `the training cannot be continued: ${differences.join('; ') || `unknown version ${state.version}`}`,
    fix: 'Continue with the same settings and data, or start anew with its weights.',
  });
}

function told(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}

/**
 * The state as one of a training on other items: where their number is another one, the epoch in progress begins again,
 * as its batches are other ones.
 */
export function continuedOn(state: TrainerState, items: number): TrainerState {
  const { names: _, ...plan } = state.plan;
  if (plan.items === items) return { ...state, plan };
  return { ...state, plan: { ...plan, items }, position: { ...state.position, unit: 0 }, sums: {}, summed: 0 };
}

/** FNV-1a over names: tells data sets with as many items apart. Undefined without names. */
export function namesHash(data: { readonly length: number; name?(index: number): string }): string | undefined {
  if (data.name === undefined) return undefined;
  let hash = 0x811c9dc5;
  for (let index = 0; index < data.length; index++) {
    const text = `${data.name(index)}\n`;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
