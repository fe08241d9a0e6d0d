/** The storage of a training: two generations, of which the later whole one is gone on with. */
import { writeSafetensors } from '@infnet/checkpoint';
import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainData } from '../src/worker/train-protocol.js';
import { settingsOf } from '../src/worker/train-settings.js';
import { type StoredProgress, TrainStore } from '../src/worker/train-store.js';

const data: TrainData = { kind: 'phantoms', labelled: 4, unlabelled: 0, validation: 0, seed: 1 };
const asked = { task: 'tissue', options: { width: 4 }, size: 32, epochs: 1, batch: 2, lr: 1e-3, seed: 1 } as const;
const more = { augment: 'mild', masks: 'binary', group: 1, roundEpochs: 1, finetuneEpochs: 1 } as const;
const training = { id: 'mine', settings: settingsOf({ ...asked, ...more }, data), data };

function stateOf(step: number): Uint8Array {
  const tensors = [{ name: 'weight', shape: [4], data: new Float32Array(4).fill(step) }];
  return writeSafetensors(tensors, { kind: 'test' }, { checksum: true });
}

function progressOf(step: number): StoredProgress {
  return { status: 'running', log: { steps: [{ step, loss: 1 }], epochs: [], rounds: [] }, pictures: [] };
}

/** As any program sees what is stored. */
const raw = () => openDB('infnet', 1);

async function damage(...slots: readonly string[]): Promise<void> {
  const database = await raw();
  for (const slot of slots) {
    const state = (await database.get('current', slot)) as Uint8Array;
    state[state.length - 2] = (state.at(-2) ?? 0) ^ 1;
    await database.put('current', state, slot);
  }
  database.close();
}

let store: TrainStore;
const keep = (step: number): Promise<void> => store.keep('mine', progressOf(step), stateOf(step));
const stepOf = async (): Promise<number | undefined> => (await store.whole())?.progress.log.steps[0]?.step;

beforeEach(async () => {
  store = await TrainStore.open();
  await store.begin(training);
});
afterEach(async () => {
  await store.clear();
  store.close();
});

describe('a stored training', () => {
  it('is the last that was kept, log and state', async () => {
    expect(await store.whole()).toBeUndefined();
    await store.keep('mine', progressOf(0), undefined);
    expect(await store.whole()).toEqual({ progress: progressOf(0), state: undefined });
    for (const step of [1, 2, 3]) {
      await keep(step);
      expect(await store.whole()).toEqual({ progress: progressOf(step), state: stateOf(step) });
      expect(await store.progress()).toEqual(progressOf(step));
    }
    await store.keep('mine', { ...progressOf(3), status: 'paused' }, undefined);
    expect(await store.whole()).toMatchObject({ progress: { status: 'paused' }, state: stateOf(3) });
  });

  it('of which the last state is damaged goes on from the one before, log and state, and keeps that', async () => {
    for (const step of [1, 2, 3]) await keep(step);
    await damage('odd state');
    const { damaged, ...whole } = (await store.whole()) ?? {};
    expect(whole).toEqual({ progress: progressOf(2), state: stateOf(2) });
    expect(damaged).toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
    expect((await store.whole())?.damaged).toBeUndefined();
    // The next state takes the place of the damaged one.
    await keep(4);
    expect(await stepOf()).toBe(4);
    await damage('odd state');
    expect(await stepOf()).toBe(2);
  });

  it('of which no state is whole says so', async () => {
    await keep(1);
    await damage('odd state');
    await expect(store.whole()).rejects.toMatchObject({ code: 'TRAIN_STATE_DAMAGED' });
    for (const step of [2, 3]) await keep(step);
    await damage('state', 'odd state');
    await expect(store.whole()).rejects.toMatchObject({ code: 'TRAIN_STATE_DAMAGED' });
  });

  it('of a version that kept one generation is read, and kept as the one before', async () => {
    const database = await raw();
    await database.put('current', progressOf(7), 'progress');
    await database.put('current', stateOf(7), 'state');
    database.close();
    expect(await store.whole()).toEqual({ progress: progressOf(7), state: stateOf(7) });
    await keep(8);
    expect(await stepOf()).toBe(8);
    await damage('odd state');
    expect(await stepOf()).toBe(7);
  });

  it('that another took the place of is not written over', async () => {
    await expect(store.keep('other', progressOf(1), stateOf(1))).rejects.toMatchObject({ code: 'TRAIN_TAKEN' });
    expect(await store.whole()).toBeUndefined();
  });
});
