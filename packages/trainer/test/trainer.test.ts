/** The training loop: it learns, stops, resumes to the bit, recovers lost devices, and names what goes wrong. */
import { type Context, InfnetError } from '@infnet/core';
import { describe, expect, it } from 'vitest';
import { type Best, SGD, type StepEvent, Trainer, type TrainerOptions, type TrainerState } from '../src/index.js';
import { discs, lossOf, openQuietly, SmallNet, smallTraining, useSharedContext } from './support/small.js';

useSharedContext();

/** Everything that must be equal to the bit; without what is only reported. */
const bits = ({ parameters, optimizer, position, best }: TrainerState) => ({ parameters, optimizer, position, best });

/** As if written to a file and read in another process. */
const saved = (state: TrainerState): TrainerState => structuredClone(state);

/** Stops a training after so many steps and returns the state. */
async function stopAfter(options: TrainerOptions, steps: number): Promise<TrainerState> {
  const stop = new AbortController();
  const onStep = ({ step }: StepEvent) => {
    if (step === steps) stop.abort();
  };
  const { stopped, state } = await new Trainer({ ...options, onStep }).run({ signal: stop.signal });
  expect(stopped).toBe('aborted');
  return state;
}

describe('a training', () => {
  it('learns, and tells how', async () => {
    const steps: StepEvent[] = [];
    const epochs: number[] = [];
    const { stopped, state } = await new Trainer(
      smallTraining({
        epochs: 12,
        learningRate: () => 0.05,
        onStep: (event) => void steps.push(event),
        onEpoch: ({ loss, parts }) => void epochs.push(loss + 0 * (parts['dice'] as number)),
      }),
    ).run();
    expect(stopped).toBe('finished');
    expect(steps).toHaveLength(36);
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, i) => i + 1));
    expect(steps[4]).toMatchObject({ epoch: 1, batch: 1, batches: 3, scale: 1, learningRate: 0.05 });
    expect(epochs).toHaveLength(12);
    const mean = steps.slice(0, 3).reduce((sum, { loss }) => sum + loss, 0) / 3;
    expect(epochs[0]).toBeCloseTo(mean, 10);
    expect(epochs.at(-1)).toBeLessThan(0.4 * (epochs[0] as number));
    expect(state.position).toEqual({ epoch: 12, unit: 0, step: 36 });
    expect([...state.parameters.keys()]).toContain('bn.running_mean');
  });

  it('predicts its memory within a tenth, before it is allocated', async () => {
    let predicted = 0;
    let before = 0;
    let after = 0;
    let context: Context | undefined;
    await new Trainer(
      smallTraining({
        epochs: 1,
        close: (used) => used.dispose(),
        open: async () => {
          context = await openQuietly();
          return context;
        },
        onMemory: ({ total, step }) => {
          predicted = total;
          before = context?.memory.bytes as number;
          expect(step).toBeGreaterThan(0);
        },
        onStep: () => {
          after = context?.memory.bytes as number;
        },
      }),
    ).run();
    expect(before).toBeLessThan(predicted / 2);
    expect(Math.abs(after / predicted - 1)).toBeLessThan(0.1);
  });

  it('ends with the same bits when it is stopped anywhere and resumed', async () => {
    const whole = await new Trainer(smallTraining({ data: discs(7) })).run();
    for (const steps of [1, 4, 5, 9]) {
      const state = saved(await stopAfter(smallTraining({ data: discs(7) }), steps));
      expect(state.position.step).toBe(steps);
      const { state: end } = await new Trainer(smallTraining({ data: discs(7), resume: state })).run();
      expect(bits(end)).toEqual(bits(whole.state));
    }
  });

  it('does so at several scales with accumulated batches too', async () => {
    const options = (): TrainerOptions =>
      smallTraining({ scales: [0.5, 1, 1.5], sizeMultiple: 8, accumulate: 2, epochs: 2, data: discs(5) });
    const scales: number[] = [];
    const { state: whole } = await new Trainer({ ...options(), onStep: ({ scale }) => void scales.push(scale) }).run();
    expect(scales).toEqual(Array.from({ length: 4 }, () => [0.5, 1, 1.5]).flat());
    const state = saved(await stopAfter(options(), 5));
    expect(bits((await new Trainer({ ...options(), resume: state }).run()).state)).toEqual(bits(whole));
  });

  it('follows the seed: the same bits twice, others with another seed', async () => {
    const run = async (seed: number) => bits((await new Trainer(smallTraining({ seed, epochs: 1 })).run()).state);
    const [a, b, c] = [await run(3), await run(3), await run(4)];
    expect(b).toEqual(a);
    expect(c.parameters).not.toEqual(a.parameters);
  });

  it('refuses to resume with other data, batches, scales or seed', () => {
    const plan = { items: 6, batchSize: 2, accumulate: 1, scales: 1 };
    const state = { version: 1, seed: 7, plan, position: { epoch: 0, unit: 1, step: 1 } } as TrainerState;
    for (const [option, value] of Object.entries({ data: discs(8), batchSize: 3, scales: [1, 2], seed: 8 })) {
      expect(() => new Trainer(smallTraining({ resume: state, [option]: value })), option).toThrow(/TRAINER_STATE/);
    }
  });

  it.each([
    [{ epochs: 0 }, /epochs is 0/],
    [{ batchSize: 1.5 }, /batchSize is 1.5/],
    [{ data: discs(0) }, /data.length is 0/],
    [{ scales: [] }, /scales/],
    [{ data: discs(1), lastBatch: 'drop' as const }, /1 items make no batch of 2/],
  ])('refuses %j', (options, message) => {
    expect(() => new Trainer(smallTraining(options))).toThrow(message);
  });

  it('says what a last batch of one item cannot do, before it starts', async () => {
    const data = { ...discs(3), inputs: { image: [1, 1, 1], mask: [1, 1, 1] } };
    await expect(new Trainer(smallTraining({ data })).run()).rejects.toThrow(/SHAPE_BATCH_NORM.*larger batch/s);
  });
});

describe('validation', () => {
  const scripted = (values: readonly number[]): Partial<TrainerOptions> => {
    let i = 0;
    return { epochs: values.length, validate: async () => ({ dice: values[i++] as number, other: -i }) };
  };

  it('keeps the best state, and the last one', async () => {
    const best: [TrainerState, Best][] = [];
    const snapshots: TrainerState[] = [];
    const trainer = new Trainer(
      smallTraining({
        ...scripted([0.3, 0.6, 0.5, 0.6]),
        onBest: (state, found) => void best.push([state, found]),
        onSnapshot: (state) => void snapshots.push(state),
      }),
    );
    const result = await trainer.run();
    expect(best.map(([, { epoch, value }]) => [epoch, value])).toEqual([
      [0, 0.3],
      [1, 0.6],
    ]);
    expect(result.best).toMatchObject({ epoch: 1, step: 6, value: 0.6, metrics: { dice: 0.6, other: -2 } });
    expect(best[1]?.[0].parameters).toEqual(snapshots[1]?.parameters);
    expect(snapshots).toHaveLength(4);
    expect(snapshots[3]?.parameters).toEqual(result.state.parameters);
    expect(best[1]?.[0].parameters).not.toEqual(result.state.parameters);
  });

  it('makes snapshots as often as wanted, of the best and of the last epoch always', async () => {
    const epochs: number[] = [];
    await new Trainer(
      smallTraining({
        ...scripted([1, 2, 1, 1, 1, 1]),
        snapshotEpochs: 3,
        onSnapshot: ({ position }) => void epochs.push(position.epoch),
      }),
    ).run();
    expect(epochs).toEqual([1, 2, 3, 6]);
  });

  it('stops early when nothing becomes better, also after a resume, by the figure that was named', async () => {
    const options = scripted([5, 4, 4.5, 4.1, 9, 9]);
    const settings = { ...options, best: { metric: 'dice', larger: false }, patience: 2 };
    const { stopped, state, best } = await new Trainer(smallTraining(settings)).run();
    expect(stopped).toBe('early');
    expect(state.position.epoch).toBe(4);
    expect(best).toMatchObject({ epoch: 1, value: 4 });
    const again = await new Trainer(smallTraining({ ...settings, resume: saved(state) })).run();
    expect(again).toMatchObject({ stopped: 'early', state: { position: { epoch: 4 } } });
  });

  it('happens every few epochs and at the end, with the net in inference mode', async () => {
    const epochs: number[] = [];
    await new Trainer(
      smallTraining({
        epochs: 4,
        validateEvery: 3,
        validate: async ({ epoch, net, parameters, context }) => {
          epochs.push(epoch);
          expect(net.modules().some(({ training }) => training)).toBe(false);
          expect([parameters.context, context.status]).toEqual([context, 'alive']);
          return { dice: 1 };
        },
      }),
    ).run();
    expect(epochs).toEqual([2, 3]);
  });

  it('names the figures there are when the wanted one is missing', async () => {
    const training = new Trainer(smallTraining({ ...scripted([1]), best: { metric: 'iou', larger: true } }));
    await expect(training.run()).rejects.toThrow(/TRAINER_METRIC.*no "iou" but dice, other/);
  });
});

describe('a training that goes wrong', () => {
  it('stops at a gradient or loss that is not a number: step, items and largest gradients are named, nothing is spoilt', async () => {
    const good = smallTraining({ epochs: 1, batchSize: 1, shuffle: false });
    const before = await stopAfter(good, 3);
    const trainer = new Trainer({ ...smallTraining({ epochs: 1, batchSize: 1, shuffle: false }), data: discs(6, 3) });
    const error = await trainer.run().then(
      () => undefined,
      (reason: InfnetError) => reason,
    );
    expect(error).toBeInstanceOf(InfnetError);
    expect(error?.code).toBe('TRAINING_NOT_FINITE');
    expect(error?.message).toMatch(
      /(the loss|a gradient) is not a finite number in step 4 \(epoch 1\), batch disc-3\.png; largest gradients/,
    );
    expect(error?.details).toMatchObject({ step: 4, items: ['disc-3.png'] });
    expect(error?.details?.['gradients']).toHaveLength(5);
    expect(bits(trainer.lastState as TrainerState)).toEqual(bits(before));
  });

  it.each([undefined, 2])(
    'recovers a lost device with the same bits (snapshot every %s steps)',
    async (snapshotEvery) => {
      const whole = await new Trainer(smallTraining()).run();
      const contexts: Context[] = [];
      const rebuilds: [number, number][] = [];
      const trainer = new Trainer(
        smallTraining({
          ...(snapshotEvery === undefined ? {} : { snapshotEvery }),
          open: async () => {
            contexts.push(await openQuietly());
            return contexts.at(-1) as Context;
          },
          onStep: ({ step }) => {
            if (contexts.length <= 2 && step === 3 + contexts.length) contexts.at(-1)?.device.destroy();
          },
          onRebuild: ({ at, from }) => void rebuilds.push([at.step, from.step]),
        }),
      );
      const { state, stopped } = await trainer.run();
      expect(stopped).toBe('finished');
      expect(contexts).toHaveLength(3);
      // Lost right after steps 4 and 5; the first epoch ends with step 3.
      expect(rebuilds).toEqual([
        [4, 3],
        [5, snapshotEvery === undefined ? 3 : 4],
      ]);
      expect(bits(state)).toEqual(bits(whole.state));
      expect(contexts.map(({ memory }) => memory.bytes)).toEqual([0, 0, 0]);
    },
  );

  it('gives up when the device is lost again and again', async () => {
    let opened = 0;
    const trainer = new Trainer(
      smallTraining({
        open: async () => {
          opened++;
          return openQuietly();
        },
        close: (context) => context.dispose(),
        validate: async ({ context }) => {
          context.device.destroy();
          return { dice: 1 };
        },
      }),
    );
    await expect(trainer.run()).rejects.toThrow(/CONTEXT_LOST/);
    expect(opened).toBe(3);
  });

  it('passes on what the data set throws, with the state kept', async () => {
    const data = {
      ...discs(6),
      batch: (items: Parameters<ReturnType<typeof discs>['batch']>[0]) => {
        if (items.some(({ index }) => index === 4)) throw new Error('disc-4.png is damaged');
        return discs(6).batch(items);
      },
    };
    const trainer = new Trainer(smallTraining({ data, shuffle: false }));
    await expect(trainer.run()).rejects.toThrow('disc-4.png is damaged');
    expect(trainer.lastState?.position).toEqual({ epoch: 0, unit: 2, step: 2 });
  });

  it('frees everything, however it ends', async () => {
    let context: Context | undefined;
    const net = new SmallNet();
    const options = smallTraining({
      net,
      loss: lossOf(net),
      optimizer: (parameters) => new SGD(parameters, { settings: () => ({ frozen: true }) }),
      close: (used) => used.dispose(),
      open: async () => {
        context = await openQuietly();
        return context;
      },
    });
    await expect(new Trainer(options).run()).rejects.toThrow(/OPTIMIZER_NOTHING/);
    expect(context).toMatchObject({ status: 'disposed', memory: { bytes: 0, buffers: 0 } });
  });
});
