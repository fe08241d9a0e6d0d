/**
 * Randomly selected propagation: its rounds and labels, stages, resume to the bit, errors; other strategies in
 * semi-strategies.test.ts.
 */

import type { Context, StateDict } from '@infnet/core';
import { finalPngU8, minMaxNormalize, probabilityToU8 } from '@infnet/data';
import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  decodePropagationState,
  encodePropagationState,
  Propagation,
  type PropagationEvent,
  type PropagationOptions,
  type PropagationState,
  randomSelection,
  SGD,
  Trainer,
} from '../src/index.js';
import {
  copyingStore,
  ending,
  LABELLED,
  PlainNet,
  smallPropagation,
  UNLABELLED,
  unlabelledDiscs,
} from './support/semi.js';
import { discs, openQuietly, SIZE, SmallNet, smallTraining, useSharedContext } from './support/small.js';

const shared = useSharedContext();

const three = randomSelection({ groupSize: 3 });

/** As if written to a file and read in another process. */
const saved = (state: PropagationState): PropagationState => decodePropagationState(encodePropagationState(state));

describe('randomly selected propagation', () => {
  it('uses every image once, K at a time, and trains on all that is labelled so far', async () => {
    const events: PropagationEvent[] = [];
    const store = copyingStore();
    const { state, stopped, weights } = await new Propagation(
      smallPropagation({
        store,
        strategy: three,
        validate: async () => ({ dice: 0.25 }),
        onEvent: (event) => void events.push(event),
      }),
    ).run();
    expect(stopped).toBe('finished');
    expect(state.rounds.map(({ images }) => images.length)).toEqual([3, 3, 1]);
    const order = state.rounds.flatMap(({ images }) => images);
    expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(order).not.toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(store.labels.size).toBe(UNLABELLED);
    const begun = events.filter(({ kind }) => kind === 'begin');
    expect(begun.map(({ stage, round, rounds, images, pseudo }) => [stage, round, rounds, images, pseudo])).toEqual([
      ['labelled', undefined, 3, LABELLED, 0],
      ['rounds', 0, 3, LABELLED + 3, 3],
      ['rounds', 1, 3, LABELLED + 6, 6],
      ['rounds', 2, 3, LABELLED + 7, 7],
      ['pseudo', undefined, 3, LABELLED + 7, 7],
      ['finetune', undefined, 3, LABELLED, 0],
    ]);
    const ends = events.filter((event) => event.kind === 'end');
    expect(ends).toHaveLength(6);
    expect(ends.at(-1)?.weights).toEqual(weights);
    expect(events.flatMap((event) => (event.kind === 'label' ? [event.done] : []))).toEqual([1, 2, 3, 1, 2, 3, 1]);
    for (const { figures } of state.rounds)
      expect(figures).toEqual({ loss: expect.any(Number), metrics: { dice: 0.25 } });
    const epochs = events.filter((event) => event.kind === 'epoch');
    expect(epochs).toHaveLength(7);
    expect(epochs.map(({ metrics }) => metrics)).toEqual([undefined, ...Array(6).fill({ dice: 0.25 })]);
  });

  it('drops a remainder if told to, as released; K larger than the set is one round', async () => {
    const plain = { labelled: { epochs: 0 }, pseudo: { epochs: 0 }, finetune: { epochs: 0 }, rounds: { epochs: 0 } };
    const initial = await firstWeights();
    const sizes = async (strategy: ReturnType<typeof randomSelection>) => {
      const { state } = await new Propagation(smallPropagation({ strategy, stages: plain, initial })).run();
      return state.rounds.map(({ images }) => images.length);
    };
    expect(await sizes(randomSelection())).toEqual([5, 2]);
    expect(await sizes(randomSelection({ remainder: 'drop' }))).toEqual([5]);
    expect(await sizes(randomSelection({ groupSize: 100 }))).toEqual([UNLABELLED]);
    const strategy = randomSelection({ groupSize: 100, remainder: 'drop' });
    expect(() => new Propagation(smallPropagation({ strategy }))).toThrow(/SEMI_OPTION.*7 unlabelled.*group of 100/);
  });

  it.each(['stretched', 'probability'] as const)('labels with the weights as they are (%s)', async (encoding) => {
    const initial = await firstWeights();
    const store = copyingStore();
    const net = new PlainNet();
    const stages = {
      labelled: { epochs: 0 },
      rounds: { epochs: 2, batchSize: 4 },
      pseudo: { epochs: 0 },
      finetune: { epochs: 0 },
    };
    const weights: StateDict[] = [initial];
    const options = smallPropagation({ encoding, store, initial, stages, strategy: three }, net);
    const { state } = await new Propagation({
      ...options,
      onEvent: (event) => {
        if (event.kind === 'end') weights.push(event.weights);
      },
    }).run();
    for (const [round, { images }] of state.rounds.entries()) {
      for (const index of images) {
        const logits = convolve(await unlabelledDiscs().images([index]), weights[round] as StateDict);
        const probability = Float32Array.from(logits, (x) => 1 / (1 + Math.exp(-x)));
        const expected =
          encoding === 'stretched' ? finalPngU8(minMaxNormalize(probability)) : probabilityToU8(probability);
        const worst = expected.reduce(
          (most, value, i) => Math.max(most, Math.abs(value - (store.labels.get(index)?.[i] as number))),
          0,
        );
        // One step of 256 where the device rounds a logit the other way.
        expect(worst).toBeLessThanOrEqual(1);
        expect(Math.max(...expected)).toBeGreaterThan(encoding === 'stretched' ? 254 : 0);
      }
    }
    expect(weights[1]).not.toEqual(weights[0]);
  });

  it('begins as Trainer does, and fine-tunes the weights of a stage that begins anew', async () => {
    const ends = new Map<string, StateDict>();
    const options = smallPropagation({ strategy: three });
    const onEvent = (event: PropagationEvent) => {
      if (event.kind === 'end') ends.set(`${event.stage} ${event.round}`, event.weights);
    };
    await new Propagation({ ...options, onEvent, maxRounds: 1 }).run();
    const net = new PlainNet();
    const { loss } = smallPropagation({}, net);
    const trainer = new Trainer({
      ...smallTraining({ net, loss, seed: 3, epochs: 2, batchSize: 4, learningRate: () => 0.1 }),
      data: discs(LABELLED),
      optimizer: (parameters) => new SGD(parameters, { momentum: 0.9 }),
    });
    expect((await trainer.run()).state.parameters).toEqual(ends.get('labelled undefined'));
    expect([...ends.keys()]).toEqual(['labelled undefined', 'rounds 0', 'pseudo undefined', 'finetune undefined']);
    // Without epochs in the rounds, only `continue` starts from the labelled stage.
    const weightsOf = async (start: 'anew' | 'continue', learningRate: number) => {
      const stages = { ...options.stages, rounds: { epochs: 0 }, finetune: { epochs: 0 } };
      const pseudo = { ...options.stages?.pseudo, start, learningRate: () => learningRate };
      return (await new Propagation({ ...options, stages: { ...stages, pseudo } }).run()).weights?.get('conv.weight');
    };
    expect(await weightsOf('continue', 0)).toEqual(ends.get('labelled undefined')?.get('conv.weight'));
    expect(await weightsOf('anew', 0)).not.toEqual(ends.get('labelled undefined')?.get('conv.weight'));
  });

  it('gives the loss an edge of each label, and can leave the doctors out of stage 3', async () => {
    const net = new PlainNet();
    const plain = smallPropagation({ strategy: three }, net);
    const seen: number[] = [];
    const names = new Set<string>();
    const labelled = {
      ...discs(LABELLED),
      inputs: { image: [1, SIZE, SIZE], mask: [1, SIZE, SIZE], edge: [1, SIZE, SIZE] },
      async batch(items: Parameters<ReturnType<typeof discs>['batch']>[0]) {
        for (const { index } of items) names.add(`labelled ${index}`);
        const { image, mask } = await discs(LABELLED).batch(items);
        return { image: image as Float32Array, mask: mask as Float32Array, edge: mask as Float32Array };
      },
    };
    const options: PropagationOptions = {
      ...plain,
      labelled,
      edgeOf: (mask) => {
        seen.push(mask.data.length);
        return mask;
      },
      stages: { ...plain.stages, pseudo: { ...plain.stages?.pseudo, labelled: false }, finetune: { epochs: 0 } },
      onEvent: (event) => {
        if (event.kind === 'begin' && event.stage === 'pseudo') {
          names.clear();
          expect([event.images, event.pseudo]).toEqual([UNLABELLED, UNLABELLED]);
        }
      },
    };
    await new Propagation(options).run();
    expect(seen.length).toBeGreaterThanOrEqual(UNLABELLED);
    expect(new Set(seen)).toEqual(new Set([SIZE * SIZE]));
    expect(names.size).toBe(0);
    const { edgeOf, ...without } = options;
    expect(edgeOf).toBeDefined();
    expect(() => new Propagation(without)).toThrow(/SEMI_OPTION.*edgeOf/);
  });
});

describe('a propagation that is killed', () => {
  const options = (more: Partial<PropagationOptions> = {}): PropagationOptions => {
    const plain = smallPropagation({ strategy: three, validate: async () => ({ dice: 1 }), ...more }, new SmallNet());
    return { ...plain, training: { ...plain.training, snapshotEvery: 1 } };
  };

  it('goes on from any of its states, with the same bits at the end', async () => {
    const states: PropagationState[] = [];
    const store = copyingStore();
    const whole = await new Propagation(options({ store, onState: (state) => void states.push(saved(state)) })).run();
    // In stage 1, between rounds, after labelling, inside a round, in stages 3 and 4.
    const where = ({ stage, rounds, current, trainer }: PropagationState) =>
      `${stage} ${rounds.length} ${current === undefined ? '' : 'labelled '}${trainer?.position.step ?? '-'}`;
    const names = states.map(where);
    const wanted = [
      'labelled 0 1',
      'rounds 0 -',
      'rounds 0 labelled -',
      'rounds 1 labelled 1',
      'rounds 1 labelled 2',
      'pseudo 3 -',
      'pseudo 3 2',
      'finetune 3 1',
    ];
    expect(names).toEqual(expect.arrayContaining(wanted));
    for (const name of wanted) {
      const state = states[names.indexOf(name)] as PropagationState;
      // Labels of later rounds are not there yet.
      const before = copyingStore();
      for (const { images } of [...state.rounds, ...(state.current ? [state.current] : [])]) {
        for (const index of images) before.labels.set(index, store.labels.get(index) as Uint8Array);
      }
      const again = await new Propagation(options({ store: before, resume: state })).run();
      expect(ending(again), name).toEqual(ending(whole));
      expect(before.labels, name).toEqual(store.labels);
    }
  });

  it('stops after a step or while it labels, and says where', async () => {
    const whole = await new Propagation(options()).run();
    const stopAt = async (isThere: (event: PropagationEvent) => boolean) => {
      const stop = new AbortController();
      const store = copyingStore();
      const onEvent = (event: PropagationEvent) => {
        if (isThere(event)) stop.abort();
      };
      const propagation = new Propagation(options({ store, onEvent, predictBatch: 2 }));
      const { stopped, state } = await propagation.run({ signal: stop.signal });
      expect(stopped).toBe('aborted');
      expect(propagation.state).toBe(state);
      return { state: saved(state), store };
    };
    const labelling = await stopAt((event) => event.kind === 'label' && event.round === 1 && event.done === 2);
    expect(labelling.state).toMatchObject({ stage: 'rounds', rounds: [{ round: 0 }], current: undefined });
    expect(labelling.store.labels.size).toBe(5);
    const training = await stopAt((event) => event.kind === 'begin' && event.stage === 'finetune');
    expect(training.state).toMatchObject({ stage: 'finetune', trainer: { position: { step: 0 } } });
    for (const { state, store } of [labelling, training]) {
      const again = await new Propagation(options({ store, resume: state, predictBatch: 2 })).run();
      expect(ending(again)).toEqual(ending(whole));
    }
  });

  it('refuses other labels, other data, another strategy, a file of something else', async () => {
    const states: PropagationState[] = [];
    const store = copyingStore();
    const few = { ...options({ store, maxRounds: 1 }), onState: (state: PropagationState) => void states.push(state) };
    await new Propagation(few).run();
    const state = states.find(({ current }) => current !== undefined) as PropagationState;
    const resumed = (more: Partial<PropagationOptions>) => new Propagation(options({ store, resume: state, ...more }));
    const index = state.current?.images[1] as number;
    await expect(resumed({ store: copyingStore() }).run()).rejects.toThrow(/SEMI_LABEL.*slice-\d\.png.*is missing/s);
    const label = store.labels.get(index) as Uint8Array;
    label[7] = (label[7] as number) ^ 1;
    await expect(resumed({}).run()).rejects.toThrow(new RegExp(`SEMI_LABEL.*1 of 3 pseudo labels.*slice-${index}.png`));
    expect(() => resumed({ unlabelled: unlabelledDiscs(8) })).toThrow(/SEMI_STATE.*unlabelled was 7, is 8/);
    expect(() => resumed({ strategy: randomSelection() })).toThrow(/SEMI_STATE.*groupSize was 3, is 5/);
    expect(() => resumed({ seed: 4 })).toThrow(/SEMI_STATE.*seed was 3, is 4/);
    const bytes = encodePropagationState(state);
    expect(() => decodePropagationState(bytes.subarray(0, bytes.length - 1))).toThrow(/CHECKPOINT_/);
  });

  it('survives lost devices while it labels and while it trains', async () => {
    const none = { epochs: 0 };
    const { stages } = smallPropagation();
    const short = {
      strategy: three,
      maxRounds: 1,
      stages: { ...stages, labelled: none, pseudo: none, finetune: none },
    };
    const initial = await firstWeights();
    const whole = await new Propagation(smallPropagation({ ...short, initial })).run();
    const contexts: Context[] = [];
    const lost: string[] = [];
    const lose = (when: string) => {
      if (!lost.includes(when)) contexts.at(-1)?.device.destroy();
      lost.push(when);
    };
    const { close: _, ...own } = smallPropagation({
      ...short,
      initial,
      open: async () => {
        contexts.push(await openQuietly());
        return contexts.at(-1) as Context;
      },
      predictBatch: 1,
      onEvent: (event) => {
        if (event.kind === 'label' && event.done === 2) lose('labelling');
      },
      handlers: {
        onStep: () => lose('training'),
      },
    });
    expect(ending(await new Propagation(own).run())).toEqual(ending(whole));
    expect(lost).toEqual(['labelling', 'training', 'training']);
    expect(contexts.map(({ memory }) => memory.bytes)).toEqual([0, 0, 0, 0]);
  });
});

describe('a propagation that cannot be', () => {
  it.each<[Partial<PropagationOptions>, RegExp]>([
    [{ labelled: discs(0) }, /SEMI_NO_LABELLED/],
    [{ unlabelled: unlabelledDiscs(0) }, /SEMI_NO_UNLABELLED/],
    [{ stages: { labelled: { epochs: 0 } } }, /SEMI_OPTION.*0 epochs.*initial/s],
    [{ stages: { rounds: { epochs: 1.5 } } }, /SEMI_OPTION.*stages.rounds.epochs is 1.5/],
    [{ predictBatch: 0 }, /SEMI_OPTION.*predictBatch is 0/],
    [
      { labelled: { ...discs(2), inputs: { image: [1, 1, 1], mask: [1, 1, 1], depth: [1] } } },
      /SEMI_OPTION.*depth.*sample/s,
    ],
    [{ labelled: { ...discs(2), inputs: { picture: [1, 1, 1] } } }, /SEMI_OPTION.*no "image"/],
  ])('%#: is refused', (options, message) => {
    expect(() => new Propagation(smallPropagation(options))).toThrow(message);
  });

  it.each([0, 1.5, Number.NaN])('groups of %s are refused', (groupSize) => {
    expect(() => randomSelection({ groupSize })).toThrow(/SEMI_OPTION.*groupSize/);
  });

  it('names the image whose prediction is not finite; the state before it is kept', async () => {
    const strategy = randomSelection({ groupSize: UNLABELLED });
    const propagation = new Propagation(smallPropagation({ strategy, unlabelled: unlabelledDiscs(UNLABELLED, 4) }));
    const error = await expectError('SEMI_NOT_FINITE', propagation.run());
    expect(error.message).toMatch(/\d+ of 256 predicted values of slice-4\.png are not finite/);
    expect(propagation.state).toMatchObject({ stage: 'rounds', rounds: [], current: undefined, trainer: undefined });
    expect(propagation.state.weights?.size).toBeGreaterThan(0);
  });

  it('says which images have another size, and that a prediction is one map', async () => {
    const images = () => new Float32Array(5);
    const wrong = smallPropagation({ unlabelled: { length: 2, images } });
    await expect(new Propagation(wrong).run()).rejects.toThrow(/SEMI_DATA.*2 unlabelled images have 5 values, 512/);
    const net = new SmallNet();
    const logits: PropagationOptions['logits'] = ({ image }) => net.first.call(image);
    const two = { ...smallPropagation({}, net), logits };
    await expect(new Propagation(two).run()).rejects.toThrow(/SEMI_PREDICTION.*\[7, 4, 16, 16\]/);
  });
});

/** Weights of a PlainNet. */
async function firstWeights(): Promise<StateDict> {
  const net = new PlainNet();
  expect(shared().status).toBe('alive');
  const { state } = await new Trainer({
    ...smallTraining({ net, epochs: 1, seed: 5 }),
    loss: smallPropagation({}, net).loss,
  }).run();
  return state.parameters;
}

/** A 3x3 convolution with a border of zeros, and a bias, in float64. */
function convolve(image: Float32Array, weights: StateDict): number[] {
  const kernel = weights.get('conv.weight')?.data as Float32Array;
  const bias = weights.get('conv.bias')?.data[0] as number;
  return Array.from({ length: SIZE * SIZE }, (_, i) => {
    const [y, x] = [Math.floor(i / SIZE), i % SIZE];
    let sum = bias;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const isInside = y + dy >= 0 && y + dy < SIZE && x + dx >= 0 && x + dx < SIZE;
        if (isInside) sum += (kernel[3 * (dy + 1) + dx + 1] as number) * (image[i + dy * SIZE + dx] as number);
      }
    }
    return sum;
  });
}
