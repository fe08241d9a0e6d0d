/** Lost devices: a training goes on as long as it gets anywhere, and keeps what it needs for that. */
import type { Context } from '@infnet/core';
import { describe, expect, it } from 'vitest';
import { Trainer, type TrainerOptions, type TrainerState } from '../src/index.js';
import { Losses } from '../src/trainer/losses.js';
import { discs, openQuietly, smallTraining, useSharedContext } from './support/small.js';

useSharedContext();

const bits = ({ parameters, optimizer, position }: TrainerState) => ({ parameters, optimizer, position });

/** A training whose devices are lost at the moments that `when` says; it is asked with every event's name. */
function losing(
  when: (event: string, life: number) => boolean,
  change: Partial<TrainerOptions> = {},
): { readonly options: TrainerOptions; readonly lives: () => number } {
  const contexts: Context[] = [];
  const ask = (event: string): void => {
    if (when(event, contexts.length)) contexts.at(-1)?.device.destroy();
  };
  const options = smallTraining({
    ...change,
    open: async () => {
      contexts.push(await openQuietly());
      ask('open');
      return contexts.at(-1) as Context;
    },
    close: (context) => context.dispose(),
    onMemory: () => ask('memory'),
    onPrepare: ({ plan, done }) => ask(`prepare ${plan} ${done}`),
    onStep: ({ step }) => ask(`step ${step}`),
  });
  return { options, lives: () => contexts.length };
}

describe('a training that loses its devices', () => {
  const long = { epochs: 1, batchSize: 1, data: discs(12) };

  it.each(['open', 'memory', 'prepare 0 0'])(
    'before its first snapshot (%s) starts again, with the same bits',
    async (moment) => {
      const whole = await new Trainer(smallTraining()).run();
      const { options, lives } = losing((event, life) => life <= 2 && event === moment);
      const rebuilds: number[] = [];
      const { state } = await new Trainer({ ...options, onRebuild: ({ from }) => void rebuilds.push(from.step) }).run();
      expect(lives()).toBe(3);
      expect(rebuilds).toEqual([0, 0]);
      expect(bits(state)).toEqual(bits(whole.state));
    },
  );

  it('more often than it made snapshots goes on while it gets further', async () => {
    const whole = await new Trainer(smallTraining(long)).run();
    // One snapshot in the whole epoch: at its end.
    const { options, lives } = losing((event, life) => event === `step ${life + 2}` && life <= 6, long);
    const { state, stopped } = await new Trainer(options).run();
    expect(stopped).toBe('finished');
    expect(lives()).toBe(7);
    expect(bits(state)).toEqual(bits(whole.state));
  });

  it('after every few steps makes snapshots in between, so that it gets further', async () => {
    const whole = await new Trainer(smallTraining(long)).run();
    let steps = 0;
    const { options } = losing((event) => event.startsWith('step') && ++steps % 5 === 0, long);
    const { state, stopped } = await new Trainer(options).run();
    expect(stopped).toBe('finished');
    expect(bits(state)).toEqual(bits(whole.state));
  });

  it('at one step again and again gives up', async () => {
    const { options, lives } = losing((event) => event === 'step 7', long);
    await expect(new Trainer(options).run()).rejects.toThrow(/CONTEXT_LOST/);
    expect(lives()).toBeLessThan(10);
  });
});

it('snapshots come by time too, within epochs and after them', async () => {
  const at: number[] = [];
  const onSnapshot = ({ position }: TrainerState): void => void at.push(position.step);
  await new Trainer(smallTraining({ epochs: 2, snapshotEpochs: 2, snapshotMinutes: 1e-9, onSnapshot })).run();
  expect(at).toEqual([1, 2, 3, 4, 5, 6]);
  at.length = 0;
  await new Trainer(smallTraining({ epochs: 2, snapshotEpochs: 2, onSnapshot })).run();
  expect(at).toEqual([6]);
  expect(() => new Trainer(smallTraining({ snapshotMinutes: 0 }))).toThrow(/TRAINER_OPTION.*snapshotMinutes is 0/);
});

describe('giving up', () => {
  const place = (step: number) => ({ epoch: 0, unit: step, step });

  it('takes three losses in one step from one snapshot', () => {
    const losses = new Losses();
    expect([1, 2, 3].map(() => losses.goesOn(place(7), place(4)))).toEqual([true, true, false]);
  });

  it('or very many that never get further', () => {
    const losses = new Losses();
    const all = Array.from({ length: 21 }, (_, i) => losses.goesOn(place(i === 0 ? 50 : 1 + (i % 3)), place(0)));
    expect(all.indexOf(false)).toBe(19);
  });

  it('never comes while there is gain', () => {
    const losses = new Losses();
    for (let step = 0; step < 1000; step++) expect(losses.goesOn(place(step), place(0))).toBe(true);
  });
});
