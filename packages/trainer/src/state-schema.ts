/**
 * What the JSON of a state file must be, checked before anything is made of it: a file of another version, or one that
 * was changed, is refused with the place that is wrong, and not found out in the middle of a training.
 */
import type { CheckpointTensor } from '@infnet/checkpoint';
import { InfnetError } from '@infnet/core';
import * as v from 'valibot';
import { readJson } from './json.js';
import type { OptimizerState } from './optimizer/optimizer.js';
import type { PropagationState } from './semi/state.js';
import type { TrainerState } from './trainer/state.js';

/** All of a training's state but the tensors. */
export type TrainerProgress = Omit<TrainerState, 'parameters' | 'optimizer' | 'companion'> & {
  readonly optimizer: Omit<OptimizerState, 'moments'>;
  /** Whether there is one, which may have no tensors; absent in files of versions that did not say. */
  readonly hasCompanion?: boolean;
};

/** All of a propagation's state but the tensors, and which of them there are. */
export interface PropagationProgress {
  readonly state: Omit<PropagationState, 'weights' | 'trainer'>;
  readonly hasWeights: boolean;
  readonly trainer: TrainerProgress | null;
}

/** Lists and objects that a state may have: each costs many times the two bytes that an empty one has in the file. */
const MOST_VALUES = 100_000;

/** What a version means is told where a training continues. */
const version = v.custom<1>((value) => typeof value === 'number', 'is no number');
/** Also NaN and the infinities, which a training that diverged has. */
const figure = v.custom<number>((value) => typeof value === 'number', 'is no number');
/** Older versions wrote null for what is not a finite number. */
const lostFigure = v.custom<number>((value) => value === null || typeof value === 'number', 'is no number');
const text = v.string('is no text');
const flag = v.boolean('is neither true nor false');
const figures = v.record(text, lostFigure, 'is no list of figures by name');
const object = <const T extends v.ObjectEntries>(entries: T): v.LooseObjectSchema<T, string> =>
  v.looseObject(entries, 'is no object');
const list = <const T extends v.GenericSchema>(item: T): v.ArraySchema<T, string> => v.array(item, 'is no list');

const best = object({
  epoch: figure,
  step: figure,
  value: lostFigure,
  metrics: figures,
  metric: v.optional(text),
  larger: v.optional(flag),
});

const TRAINER_PROGRESS = object({
  version,
  seed: figure,
  plan: object({
    items: figure,
    batchSize: figure,
    accumulate: figure,
    scales: figure,
    rates: v.optional(list(figure)),
    shuffle: v.optional(flag),
    lastBatch: v.optional(v.picklist(['keep', 'drop'], 'is neither keep nor drop')),
    names: v.optional(text),
  }),
  position: object({ epoch: figure, unit: figure, step: figure }),
  sums: figures,
  summed: figure,
  best: v.optional(best),
  stale: figure,
  optimizer: object({ name: text, steps: figure, settings: v.optional(figures) }),
  hasCompanion: v.optional(flag),
});

const found = object({ loss: v.optional(lostFigure), metrics: v.optional(figures) });
const setting = v.union([lostFigure, text, flag, v.null()], 'is no setting');
const ended = v.picklist(['labelled', 'pseudo', 'finetune'], 'is no stage that ends once');
const stage = v.picklist(['labelled', 'rounds', 'pseudo', 'finetune', 'done'], 'is no stage');
const round = object({
  round: figure,
  images: list(figure),
  labels: list(text),
  scores: v.optional(list(lostFigure)),
  epochs: figure,
  figures: v.optional(found),
});

const PROPAGATION_PROGRESS = object({
  state: object({
    version,
    problem: object({
      seed: figure,
      labelled: figure,
      unlabelled: figure,
      strategy: text,
      settings: v.record(text, setting, 'is no object'),
      encoding: v.optional(text),
      labelledNames: v.optional(text),
      unlabelledNames: v.optional(text),
    }),
    stage,
    stages: list(object({ stage: ended, figures: found })),
    rounds: list(round),
    current: v.optional(round),
    figures: found,
  }),
  hasWeights: flag,
  trainer: v.nullable(TRAINER_PROGRESS),
});

/** Which file, for errors. */
export interface StateFile {
  readonly code: 'TRAINER_STATE_FILE' | 'SEMI_STATE_FILE';
  readonly file: string | undefined;
}

/** All of a `TrainerState` but the tensors. @throws InfnetError `TRAINER_STATE_FILE` */
export function parseTrainerProgress(json: string, file: string | undefined): TrainerProgress {
  const progress = parse(TRAINER_PROGRESS, json, { code: 'TRAINER_STATE_FILE', file });
  return { ...progress, best: progress.best };
}

/** All of a `PropagationState` but the tensors. @throws InfnetError `SEMI_STATE_FILE` */
export function parsePropagationProgress(json: string, file: string | undefined): PropagationProgress {
  const { state, trainer, ...rest } = parse(PROPAGATION_PROGRESS, json, { code: 'SEMI_STATE_FILE', file });
  return {
    ...rest,
    state: { ...state, current: state.current },
    trainer: trainer === null ? null : { ...trainer, best: trainer.best },
  };
}

function parse<T extends v.GenericSchema>(schema: T, json: string, of: StateFile): v.InferOutput<T> {
  if (openings(json) > MOST_VALUES) throw damaged(`it has more than ${MOST_VALUES} lists and objects`, of);
  let value: unknown;
  try {
    value = readJson(json);
  } catch {
    throw damaged('what it says of its progress is no JSON', of);
  }
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw damaged(`${(v.getDotPath(issue) ?? 'progress').slice(0, 100)} ${issue.message}`, of);
}

/** Brackets and braces that open. */
function openings(json: string): number {
  let count = 0;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === 0x5b || code === 0x7b) count++;
  }
  return count;
}

/** Weights and moments are float32. @throws InfnetError with the file's code */
export function requireFloats(tensors: ReadonlyMap<string, CheckpointTensor>, of: StateFile): void {
  for (const [name, { data, dtype }] of tensors) {
    if (!(data instanceof Float32Array)) throw damaged(`${JSON.stringify(name.slice(0, 100))} is ${dtype}`, of);
  }
}

function damaged(what: string, { code, file }: StateFile): InfnetError {
  return new InfnetError({
    code,
    message: `the state was not written by this version, or was changed: ${what}`,
    ...(file === undefined ? {} : { where: file }),
    fix: 'Give the file as the training wrote it, or start anew.',
  });
}
