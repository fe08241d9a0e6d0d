/** Confidence filter, mean teacher, and a strategy of the user's own, on one interface. */
import { describe, expect, it } from 'vitest';
import {
  confidenceFiltered,
  decodePropagationState,
  encodePropagationState,
  entropyConfidence,
  lesionConfidence,
  meanTeacher,
  type Prediction,
  Propagation,
  type PropagationOptions,
  type PropagationState,
  type RoundContext,
  type SemiStrategy,
  type StepEvent,
  type TrainerState,
} from '../src/index.js';
import { copyingStore, ending, smallPropagation, UNLABELLED } from './support/semi.js';
import { SmallNet, useSharedContext } from './support/small.js';

useSharedContext();

const map = (width: number, ...values: number[]): Omit<Prediction, 'index'> => ({
  width,
  height: values.length / width,
  probability: Float32Array.from(values),
});

describe('confidence', () => {
  it('of the lesion and its band: the mean of |2p - 1| there', () => {
    const row = map(6, 1, 0.25, 0, 0, 0.5, 0);
    expect(lesionConfidence({ band: 0 })(row)).toBeCloseTo((1 + 0) / 2, 12);
    expect(lesionConfidence({ band: 1 })(row)).toBeCloseTo((1 + 0.5 + 1 + 0 + 1) / 5, 12);
    // The band goes around corners, and not over the border of the map.
    const corner = map(3, 0, 0.25, 0.25, 0.25, 0.75, 0.25, 0.25, 0.25, 1);
    expect(lesionConfidence({ band: 1 })(corner)).toBeCloseTo((1 + 6 * 0.5 + 0.5 + 1) / 9, 12);
    const edge = map(3, 0.75, 0.25, 0, 0, 0, 0);
    expect(lesionConfidence({ band: 1 })(edge)).toBeCloseTo((0.5 + 0.5 + 1 + 1) / 4, 12);
  });

  it('of a map without a lesion: that of all of it', () => {
    expect(lesionConfidence()(map(2, 0.25, 0, 0.25, 0))).toBeCloseTo(0.75, 12);
  });

  it('by entropy: 1 for certainty, 0 for p = 0.5', () => {
    expect(entropyConfidence()(map(2, 0, 1, 1, 0))).toBe(1);
    expect(entropyConfidence()(map(2, 0.5, 0.5, 0.5, 0.5))).toBe(0);
    expect(entropyConfidence()(map(1, 0.25))).toBeCloseTo(1 - (0.25 * 2 + 0.75 * Math.log2(4 / 3)), 12);
  });
});

/** What a strategy sees, with image i predicted as `confidence[i]` in every pixel's |2p - 1|. */
function context(confidence: readonly number[], more: Partial<RoundContext> = {}): RoundContext & { asked: number[] } {
  const asked: number[] = [];
  return {
    round: 0,
    seed: 1,
    unlabelled: confidence.length,
    rounds: [],
    remaining: confidence.map((_, i) => i),
    asked,
    async predict(indices, visit) {
      for (const index of indices) {
        asked.push(index);
        visit({ index, ...map(1, (1 + (confidence[index] as number)) / 2) });
      }
    },
    ...more,
  };
}

const recordOf = (...images: number[]) => ({ round: 0, images, labels: images.map(() => ''), epochs: 1 });

describe('the confidence filter', () => {
  const sure = [0.5, 0.25, 1, 0.75, 0.125];

  it('takes the surest share, with scores, equal ones by index', async () => {
    const plan = await confidenceFiltered({ accept: { best: 0.5 } }).next(context(sure));
    expect(plan).toEqual({ label: [2, 3, 0], scores: [1, 0.75, 0.5] });
    const equal = await confidenceFiltered({ accept: { best: 0.4 } }).next(context([0.5, 0.5, 0.5, 0.5, 0.5]));
    expect(equal?.label).toEqual([0, 1]);
  });

  it('takes those above a threshold, and ends when none is left', async () => {
    const strategy = confidenceFiltered({ accept: { threshold: 0.75 } });
    expect(await strategy.next(context(sure))).toEqual({ label: [2, 3], scores: [1, 0.75] });
    const rest = context(sure, { round: 1, rounds: [recordOf(2, 3)], remaining: [0, 1, 4] });
    expect(await strategy.next(rest)).toBeUndefined();
    expect([...rest.asked].sort()).toEqual([0, 1, 4]);
    expect(await strategy.next(context(sure, { remaining: [] }))).toBeUndefined();
  });

  it('looks at a random pool, another one per round, and at the next where it finds none', async () => {
    const strategy = confidenceFiltered({ pool: 2, accept: { threshold: 0.9 } });
    const many = Array.from({ length: 20 }, () => 1);
    const [first, second] = [context(many), context(many, { round: 1 })];
    expect((await strategy.next(first))?.label).toHaveLength(2);
    await strategy.next(second);
    expect(first.asked).toHaveLength(2);
    expect(second.asked).not.toEqual(first.asked);
    const rare = context(many.map((_, i) => Number(i === 7)));
    expect((await strategy.next(rare))?.label).toEqual([7]);
    expect(rare.asked.indexOf(7)).toBeGreaterThanOrEqual(rare.asked.length - 2);
  });

  it('labels earlier images again if told to', async () => {
    const strategy = confidenceFiltered({ accept: { best: 0.5 }, refresh: true });
    const second = context(sure, { round: 1, rounds: [recordOf(2, 3)], remaining: [0, 1, 4] });
    expect(await strategy.next(second)).toEqual({ label: [0, 1, 2, 3], scores: [0.5, 0.25, 1, 0.75] });
  });

  it.each([{ pool: 0 }, { accept: { best: 0 } }, { accept: { threshold: 1.5 } }])('refuses %j', (options) => {
    expect(() => confidenceFiltered(options)).toThrow(/SEMI_OPTION/);
  });

  it('drives a propagation: every image in the end, new labels in the store, resumed to the bit', async () => {
    const states: PropagationState[] = [];
    const store = copyingStore();
    const first = new Map<number, Uint8Array>();
    const options = (more: Partial<PropagationOptions>) =>
      smallPropagation({ strategy: confidenceFiltered({ refresh: true }), maxRounds: 2, ...more });
    const whole = await new Propagation(
      options({
        store,
        onState: (state) => {
          states.push(decodePropagationState(encodePropagationState(state)));
          if (first.size === 0) for (const [index, label] of store.labels) first.set(index, label);
        },
      }),
    ).run();
    const [one, two] = whole.state.rounds;
    expect([one?.images.length, two?.images.length]).toEqual([4, 2 + 4]);
    expect(one?.scores).toEqual([...(one?.scores ?? [])].sort((a, b) => b - a));
    const changed = [...first].filter(([index, label]) => store.labels.get(index)?.some((v, i) => v !== label[i]));
    expect(changed.length).toBeGreaterThan(0);
    // A state from before the new labels knows the old ones only.
    const early = states.find(({ rounds, current }) => rounds.length === 0 && current !== undefined);
    await expect(new Propagation(options({ store, resume: early as PropagationState })).run()).rejects.toThrow(
      /SEMI_LABEL/,
    );
    const late = states.find(({ rounds, current }) => rounds.length === 1 && current !== undefined);
    expect(ending(await new Propagation(options({ store, resume: late as PropagationState })).run())).toEqual(
      ending(whole),
    );
  });
});

describe('a mean teacher', () => {
  const none = { epochs: 0 };
  const teaching = (more: Partial<PropagationOptions>, options: Parameters<typeof meanTeacher>[0], net?: SmallNet) => {
    const plain = smallPropagation({ strategy: meanTeacher(options), ...more }, net);
    const stages = { ...plain.stages, pseudo: none, finetune: none };
    return { ...plain, stages, training: { ...plain.training, lastBatch: 'keep' as const, snapshotEvery: 1 } };
  };

  it('is the average of the student over the steps, statistics included, and labels in its place', async () => {
    const states: TrainerState[] = [];
    const store = copyingStore();
    const onState = ({ stage, trainer }: PropagationState) => {
      if (stage === 'rounds' && trainer !== undefined) states.push(trainer);
    };
    const options = teaching({ store, onState }, { epochs: 2, decay: 0.75 }, new SmallNet());
    const { state, weights } = await new Propagation(options).run();
    // 7 images in batches of 4 and 3.
    expect(states.map(({ position }) => position.step)).toEqual([1, 2, 3, 4]);
    for (const [i, { parameters, companion }] of states.entries()) {
      if (i === 0) continue;
      for (const [name, { data }] of parameters) {
        const before = states[i - 1]?.companion?.get(name)?.data as Float32Array;
        const now = companion?.get(name)?.data as Float32Array;
        for (const [k, value] of (data as Float32Array).entries()) {
          const expected = (before[k] as number) + 0.25 * (value - (before[k] as number));
          expect(Math.abs((now[k] as number) - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)));
        }
        expect(now, name).not.toEqual(data);
      }
    }
    expect([...(states[0]?.companion ?? new Map()).keys()]).toContain('bn.running_var');
    expect(weights).toEqual(states.at(-1)?.companion);
    expect(state.rounds.map(({ images, epochs }) => [images.length, epochs])).toEqual([
      [0, 2],
      [UNLABELLED, 0],
    ]);
    expect(store.labels.size).toBe(UNLABELLED);
  });

  it('gives the student targets that it had agreed with, and the weight rises', async () => {
    const steps: StepEvent[] = [];
    const handlers = { onStep: (event: StepEvent) => void steps.push(event) };
    const options = teaching(
      { handlers },
      { epochs: 4, noise: 0, weight: 8, rampUp: 4, decay: 0.9, result: 'student' },
    );
    await new Propagation(options).run();
    const round = steps.filter(({ parts }) => 'consistency' in parts);
    expect(round).toHaveLength(8);
    // Without noise and batch norm the teacher agrees with its copy, then lags behind.
    expect(round[0]?.parts['consistency']).toBeLessThan(1e-10);
    expect(round[2]?.parts['consistency']).toBeGreaterThan(1e-6);
    for (const { epoch, loss, parts } of round) {
      const expected = (parts['labelled'] as number) + 2 * (epoch + 1) * (parts['consistency'] as number);
      expect(loss).toBeCloseTo(expected, 5);
    }
  });

  it('is resumed to the bit within its round, teacher and all', async () => {
    const states: PropagationState[] = [];
    const options = (more: Partial<PropagationOptions> = {}) =>
      teaching(more, { epochs: 2, rampUp: 2 }, new SmallNet());
    const onState = (state: PropagationState) => {
      states.push(decodePropagationState(encodePropagationState(state)));
    };
    const whole = await new Propagation(options({ onState })).run();
    for (const step of [1, 2, 3]) {
      const resume = states.find(({ stage, trainer }) => stage === 'rounds' && trainer?.position.step === step);
      const again = await new Propagation(options({ resume: resume as PropagationState })).run();
      expect(ending(again), `after step ${step}`).toEqual(ending(whole));
    }
  });

  it.each([{ decay: 1.5 }, { epochs: 0 }, { noise: -1 }])('refuses %j', (options) => {
    expect(() => meanTeacher(options)).toThrow(/SEMI_OPTION/);
  });
});

describe("a strategy of one's own", () => {
  it('plans rounds, scores and epochs', async () => {
    const evens: SemiStrategy = {
      name: 'evens',
      settings: {},
      next: ({ round, remaining }) =>
        round < 2 ? { label: remaining.filter((index) => index % 2 === 0).slice(0, 2), epochs: round } : undefined,
    };
    const { state } = await new Propagation(smallPropagation({ strategy: evens })).run();
    expect(state.rounds.map(({ images, epochs }) => [images, epochs])).toEqual([
      [[0, 2], 0],
      [[4, 6], 1],
    ]);
    expect(state.problem).toMatchObject({ strategy: 'evens' });
  });

  it.each([
    [{ label: [7] }, /SEMI_PLAN.*image 7 of 7/],
    [{ label: [1, 1] }, /SEMI_PLAN.*twice/],
    [{ label: [1], scores: [] }, /SEMI_PLAN.*0 scores for 1/],
    [{ label: [], epochs: -1 }, /SEMI_PLAN.*-1 epochs/],
  ])('is told that %j is no plan', async (plan, message) => {
    const strategy: SemiStrategy = { name: 'wrong', settings: {}, next: () => plan };
    await expect(new Propagation(smallPropagation({ strategy })).run()).rejects.toThrow(message);
  });
});
