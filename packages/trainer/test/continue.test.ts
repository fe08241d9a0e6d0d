/**
 * What a state means: resumed with other settings it is refused by name, and its figures come back as they were,
 * whatever they are.
 */
import type { ParameterStore } from '@infnet/core';
import { describe, expect, it } from 'vitest';
import {
  Adam,
  type AdamOptions,
  confidenceFiltered,
  decodePropagationState,
  decodeTrainerState,
  encodePropagationState,
  encodeTrainerState,
  entropyConfidence,
  lesionConfidence,
  Propagation,
  type PropagationOptions,
  type PropagationState,
  readJson,
  SGD,
  Trainer,
  type TrainerCompanion,
  type TrainerOptions,
  type TrainerState,
  writeJson,
} from '../src/index.js';
import { copyingStore, smallPropagation, unlabelledDiscs } from './support/semi.js';
import { discs, smallTraining, useSharedContext } from './support/small.js';

useSharedContext();

/** Through a file. */
const saved = (state: TrainerState): TrainerState => decodeTrainerState(encodeTrainerState(state));

const companion: TrainerCompanion = {
  open: async () => {},
  step: async () => {},
  state: async () => new Map(),
  close: () => {},
};
const validate = async (): Promise<Record<string, number>> => ({ dice: 0.5, iou: 0.25 });
const adam =
  (options: AdamOptions) =>
  (parameters: ParameterStore): Adam =>
    new Adam(parameters, options);

/** In the middle of the second epoch, or at its end. */
async function stopped(options: Partial<TrainerOptions>, steps = 4): Promise<TrainerState> {
  const stop = new AbortController();
  const onStep: TrainerOptions['onStep'] = ({ step }) => (step === steps ? stop.abort() : undefined);
  return saved((await new Trainer(smallTraining({ ...options, onStep })).run({ signal: stop.signal })).state);
}

const renamed = { ...discs(6), name: (index: number) => `${index}.png` };

describe('a training resumed with another', () => {
  it.each([
    ['shuffle', {}, { shuffle: false }, /shuffle was true, is false/],
    ['last batch', { batchSize: 4 }, { batchSize: 4, lastBatch: 'drop' }, /lastBatch was keep, is drop/],
    ['batch size', {}, { batchSize: 3 }, /batchSize was 2, is 3/],
    ['number of batches per step', {}, { accumulate: 2 }, /accumulate was 1, is 2/],
    ['order of scales', { scales: [0.5, 1] }, { scales: [1, 0.5] }, /scales was \[0\.5, 1\], is \[1, 0\.5\]/],
    ['number of scales', {}, { scales: [0.5, 1] }, /scales was 1, is 2/],
    ['seed', {}, { seed: 8 }, /seed was 7, is 8/],
    ['number of items', {}, { data: discs(8) }, /number of items was 6, is 8/],
    ['data set of as many items', {}, { data: renamed }, /hash of the names of the items was \w+, is \w+/],
    ['number of epochs, already begun', {}, { epochs: 1 }, /epochs is 1, and epoch 2 has begun/],
    ['companion', {}, { companion }, /companion was none, is there/],
    ['companion: none', { companion }, {}, /companion was there, is none/],
    [
      'figure for the best',
      { validate, best: { metric: 'dice', larger: true } },
      { validate, best: { metric: 'iou', larger: true } },
      /best\.metric was dice, is iou/,
    ],
    [
      'direction',
      { validate },
      { validate, best: { metric: 'dice', larger: false } },
      /best\.larger was true, is false/,
    ],
  ] satisfies readonly (readonly [string, Partial<TrainerOptions>, Partial<TrainerOptions>, RegExp])[])(
    '%s is refused',
    async (_, before: Partial<TrainerOptions>, after: Partial<TrainerOptions>, message) => {
      const resume = await stopped(before);
      const again = (options: Partial<TrainerOptions>): Trainer => new Trainer(smallTraining({ ...options, resume }));
      const { companion: _companion, ...others } = before;
      expect(() => again({ ...others, ...after })).toThrow(message);
      expect(() => again({ ...others, ...after })).toThrow(/TRAINER_STATE/);
      expect(again(before).position).toEqual(resume.position);
    },
  );

  it.each([
    ['optimiser', adam({}), (parameters) => new SGD(parameters), /it is that of adam, not of sgd/],
    ['beta', adam({}), adam({ betas: [0.8, 0.999] }), /beta1 was 0\.9, is 0\.8/],
    ['momentum', (p) => new SGD(p, { momentum: 0.9 }), (p) => new SGD(p), /has momentum_buffer/],
    ['no momentum', (p) => new SGD(p), (p) => new SGD(p, { momentum: 0.9 }), /lacks momentum_buffer/],
    [
      'frozen parameter',
      adam({ settings: (name) => ({ frozen: name === 'second.bias' }) }),
      adam({}),
      /lacks exp_avg\.second\.bias/,
    ],
    [
      'parameter frozen',
      adam({}),
      adam({ settings: (name) => ({ frozen: name === 'second.bias' }) }),
      /has exp_avg\.second\.bias/,
    ],
  ] satisfies readonly (readonly [string, TrainerOptions['optimizer'], TrainerOptions['optimizer'], RegExp])[])(
    '%s is refused',
    async (_, before: TrainerOptions['optimizer'], after: TrainerOptions['optimizer'], message) => {
      const resume = await stopped({ optimizer: before });
      await expect(new Trainer(smallTraining({ optimizer: after, resume })).run()).rejects.toThrow(message);
      await expect(new Trainer(smallTraining({ optimizer: after, resume })).run()).rejects.toThrow(/OPTIMIZER_STATE/);
    },
  );

  it('rate, clip, patience, validation or more epochs goes on: they say how, not what has been done', async () => {
    const resume = await stopped({});
    const { state } = await new Trainer(
      smallTraining({ resume, epochs: 4, learningRate: () => 0.01, validate, patience: 9, validateEvery: 2 }),
    ).run();
    expect(state.position.epoch).toBe(4);
  });

  it('version of this package that kept less goes on', async () => {
    const { plan, ...rest } = await stopped({});
    const { items, batchSize, accumulate, scales } = plan;
    const { settings: _, ...optimizer } = rest.optimizer;
    const resume = { ...rest, optimizer, plan: { items, batchSize, accumulate, scales } };
    const whole = await new Trainer(smallTraining()).run();
    const { state } = await new Trainer(smallTraining({ resume })).run();
    expect(state.parameters).toEqual(whole.state.parameters);
  });
});

describe('the best validation', () => {
  const { NaN: none, POSITIVE_INFINITY: top, NEGATIVE_INFINITY: bottom } = Number;
  it.each([
    ['NaN is never it', [none, 0.2, none, 0.3, none], true, [1, 3]],
    ['with nothing but NaN there is none', [none, none], true, []],
    ['the largest, infinities counted', [bottom, 0.1, top, top, 0.5], true, [0, 1, 2]],
    ['the smallest: Infinity is the worst, as surface distances have it', [top, none, 9, top, 3], false, [0, 2, 4]],
    ['the smallest, down to minus infinity', [0, bottom, -1], false, [0, 1]],
  ] as const)('%s', async (_, values, larger, epochs) => {
    const run = async (resumed: boolean) => {
      const found: number[] = [];
      const settings = (resume?: TrainerState): TrainerOptions =>
        smallTraining({
          epochs: values.length,
          best: { metric: 'distance', larger },
          validate: async ({ epoch }) => ({ other: 1, distance: values[epoch] as number }),
          onBest: (_state, { epoch }) => void found.push(epoch),
          ...(resume === undefined ? {} : { resume }),
        });
      let state: TrainerState | undefined;
      if (resumed) {
        // Killed after every epoch.
        for (let epoch = 1; epoch <= values.length; epoch++) {
          const stop = new AbortController();
          const options = { ...settings(state), onSnapshot: () => stop.abort() };
          const { state: next } = await new Trainer(options).run({ signal: stop.signal });
          state = saved(next);
        }
        return { found, best: state?.best, stale: state?.stale };
      }
      const { best, state: end } = await new Trainer(settings()).run();
      return { found, best, stale: end.stale };
    };
    const whole = await run(false);
    expect(whole.found).toEqual(epochs);
    expect(whole.best?.epoch).toBe(epochs.at(-1));
    expect(await run(true)).toEqual(whole);
  });

  it('of a file in which an older version lost it is found again', async () => {
    const { state } = await new Trainer(
      smallTraining({
        epochs: 1,
        validate: async () => ({ distance: top }),
        best: { metric: 'distance', larger: false },
      }),
    ).run();
    expect(saved(state).best).toEqual(state.best);
    const old = { ...state, best: { ...state.best, value: null, metrics: { distance: null } } };
    expect(saved(old as unknown as TrainerState).best).toBeUndefined();
  });

  it('is not looked for in what is not a number', async () => {
    const given = { dice: '0.5' as unknown as number };
    await expect(new Trainer(smallTraining({ validate: async () => given })).run()).rejects.toThrow(/TRAINER_METRIC/);
    await expect(new Trainer(smallTraining({ validate: async () => ({}) })).run()).rejects.toThrow(/TRAINER_METRIC/);
  });
});

describe('a propagation', () => {
  const states: PropagationState[] = [];
  const run = (options: Partial<PropagationOptions>) => {
    const store = copyingStore();
    return new Propagation(smallPropagation({ store, ...options, onState: (state) => void states.push(state) })).run();
  };
  const filter = confidenceFiltered({ pool: 4, confidence: lesionConfidence({ band: 2 }) });

  it('keeps figures that are not finite numbers', async () => {
    const store = copyingStore();
    await run({ store, validate: async () => ({ dice: Number.NaN, distance: Infinity }) });
    const last = states.at(-1) as PropagationState;
    expect(last.rounds[0]?.figures?.metrics).toEqual({ dice: Number.NaN, distance: Infinity });
    for (const state of states) expect(decodePropagationState(encodePropagationState(state))).toEqual(state);
  });

  it.each([
    ['encoding', {}, { encoding: 'probability' as const }, /encoding was stretched, is probability/],
    ['names', {}, { unlabelled: { ...unlabelledDiscs(), name: String } }, /names of the unlabelled images was \w+, is/],
    ['labelled names', {}, { labelled: { ...discs(4), name: String } }, /names of the labelled images was \w+, is/],
    [
      'band',
      { strategy: filter },
      { strategy: confidenceFiltered({ pool: 4, confidence: lesionConfidence({ band: 3 }) }) },
      /band was 2, is 3/,
    ],
    [
      'confidence',
      { strategy: filter },
      { strategy: confidenceFiltered({ pool: 4, confidence: entropyConfidence() }) },
      /confidence was lesion, is entropy/,
    ],
  ] satisfies readonly (readonly [string, Partial<PropagationOptions>, Partial<PropagationOptions>, RegExp])[])(
    'is refused with another %s',
    async (_, before: Partial<PropagationOptions>, after: Partial<PropagationOptions>, message) => {
      const { state: resume } = await run({ ...before, maxRounds: 1 });
      const again = (options: Partial<PropagationOptions>) =>
        new Propagation(smallPropagation({ ...before, ...options, resume }));
      expect(() => again(after)).toThrow(message);
      expect(() => again(after)).toThrow(/SEMI_STATE/);
      expect(again({}).state).toBe(resume);
      // As an older version wrote it.
      const { encoding, labelledNames, unlabelledNames, ...problem } = resume.problem;
      expect([encoding, labelledNames, unlabelledNames]).not.toContain(undefined);
      expect(() => new Propagation(smallPropagation({ ...before, resume: { ...resume, problem } }))).not.toThrow();
    },
  );
});

it('JSON gives back numbers that JSON does not have, and texts that look like them', () => {
  const value = {
    numbers: [Number.NaN, Infinity, -Infinity, -0, 0, 1e-320, 0.1 + 0.2],
    texts: ['NaN', '~NaN', '~~-0', '-Infinity', 'Infinity and more', '', '~'],
    nested: { Infinity: { deep: -Infinity } },
    none: null,
  };
  const back = readJson(writeJson(value)) as typeof value;
  expect(back).toEqual(value);
  expect(Object.is(back.numbers[3], -0)).toBe(true);
  expect(JSON.parse(writeJson(value, 2)).numbers.slice(0, 5)).toEqual(['NaN', 'Infinity', '-Infinity', '-0', 0]);
});
