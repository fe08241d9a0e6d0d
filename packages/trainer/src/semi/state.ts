/** The state of a propagation: plain data from which it continues bit by bit, with the same labels in their store. */
import { InfnetError, type StateDict } from '@infnet/core';
import { continuedOn, type TrainerState } from '../trainer/state.js';
import { labelAt, labelHash, type PseudoLabelStore } from './labels.js';
import type { StageName } from './stages.js';
import type { RoundRecord, Settings, TrainingFigures } from './strategy.js';
import { imageName, type UnlabelledData } from './unlabelled.js';

/** What must be the same for a state to mean something. */
export interface PropagationProblem {
  readonly seed: number;
  /** Numbers of images. */
  readonly labelled: number;
  readonly unlabelled: number;
  readonly strategy: string;
  readonly settings: Settings;
  /**
   * How predictions become labels, `own` for a function. The rest is absent in states of versions that did not keep it.
   */
  readonly encoding?: string;
  /** Hashes of the images' names, where the data sets have names: labels and order are by index. */
  readonly labelledNames?: string;
  readonly unlabelledNames?: string;
}

/** A stage that has ended. */
export interface StageRecord {
  readonly stage: Exclude<StageName, 'rounds'>;
  readonly figures: TrainingFigures;
}

export interface PropagationState {
  readonly version: 1;
  readonly problem: PropagationProblem;
  readonly stage: StageName | 'done';
  /** Stages that have ended. */
  readonly stages: readonly StageRecord[];
  /** Rounds that have ended. */
  readonly rounds: readonly RoundRecord[];
  /** The round whose images have their labels and which is in training. */
  readonly current: RoundRecord | undefined;
  /** Of the training in progress. */
  readonly figures: TrainingFigures;
  /** Weights to start from, where no training is in progress; of a new net that follow from the seed: undefined. */
  readonly weights: StateDict | undefined;
  /** The training in progress. */
  readonly trainer: TrainerState | undefined;
}

/** Images that have a label, in the order in which they got the first one. */
export function labelledImages(state: Pick<PropagationState, 'rounds' | 'current'>): number[] {
  const records = state.current === undefined ? state.rounds : [...state.rounds, state.current];
  return [...new Set(records.flatMap(({ images }) => images))];
}

/** The state as one of a propagation with other labelled images; the unlabelled ones must be the same. */
export function propagatedOn(state: PropagationState, labelled: number): PropagationState {
  const { labelledNames: _, ...problem } = state.problem;
  const { trainer } = state;
  const more = labelled - problem.labelled;
  return {
    ...state,
    problem: { ...problem, labelled },
    trainer: trainer === undefined ? undefined : continuedOn(trainer, trainer.plan.items + more),
  };
}

const CALLED: Readonly<Record<string, string>> = {
  labelledNames: 'the hash of the names of the labelled images',
  unlabelledNames: 'the hash of the names of the unlabelled images',
};

/** @throws InfnetError `SEMI_STATE` when the state is of another propagation. */
export function assertResumes(state: PropagationState, problem: PropagationProblem): void {
  const flat = ({ settings, ...rest }: PropagationProblem): Record<string, unknown> => ({ ...rest, ...settings });
  const [before, now] = [flat(state.problem), flat(problem)];
  const later = new Set(['encoding', 'labelledNames', 'unlabelledNames', 'confidence', 'band']);
  const differences = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => before[name] !== now[name] && !(later.has(name) && before[name] === undefined))
    .map((name) => `${CALLED[name] ?? name} was ${before[name]}, is ${now[name]}`);
  if (state.version === 1 && differences.length === 0) return;
  throw new InfnetError({
    code: 'SEMI_STATE',
    message: `the propagation cannot be continued: ${differences.join('; ') || `unknown version ${state.version}`}`,
    fix: 'Continue with the same data, strategy and seed, or start anew.',
  });
}

/** @throws InfnetError `SEMI_LABEL` when a label is not in the store, or is not the one that the state knows. */
export async function assertLabels(
  state: PropagationState,
  store: PseudoLabelStore,
  unlabelled: UnlabelledData,
): Promise<void> {
  const records = state.current === undefined ? state.rounds : [...state.rounds, state.current];
  const hashes = new Map(
    records.flatMap(({ images, labels }) => images.map((index, i) => [index, labels[i]] as const)),
  );
  const changed: string[] = [];
  for (const [index, hash] of hashes) {
    const name = imageName(unlabelled, index);
    if (labelHash(await labelAt(store, index, name)) !== hash) changed.push(name);
  }
  if (changed.length === 0) return;
  throw new InfnetError({
    code: 'SEMI_LABEL',
    message: `${changed.length} of ${hashes.size} pseudo labels are not those of this state: ${changed.slice(0, 10).join(', ')}`,
    fix: 'Resume with the store that the labels were put into and the last state that was made, or start anew.',
    details: { changed },
  });
}
