/** A state through the bytes of a file, and back to the bit. */
import { writeSafetensors } from '@infnet/checkpoint';
import { describe, expect, it } from 'vitest';
import { decodeTrainerState, encodeTrainerState, type TrainerState } from '../src/index.js';

const tensor = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
const state: TrainerState = {
  version: 1,
  seed: 7,
  plan: { items: 6, batchSize: 2, accumulate: 1, scales: 1 },
  position: { epoch: 3, unit: 1, step: 10 },
  sums: { loss: 0.1 + 0.2, edge: 1 / 3 },
  summed: 1,
  best: { epoch: 2, step: 9, value: 0.5, metrics: { dice: 0.5 } },
  stale: 0,
  parameters: new Map([
    ['conv.weight', { shape: [1, 3], data: Float32Array.of(-0, 1e-45, 3.5) }],
    ['bn.bias', tensor(1)],
  ]),
  optimizer: { name: 'adam', steps: 10, moments: new Map([['exp_avg.conv.weight', tensor(1, 2, 3)]]) },
};

describe('a state file', () => {
  it('gives back every bit, and the same state gives the same bytes', () => {
    const bytes = encodeTrainerState(state, { backbone: 'res2net50' });
    const back = decodeTrainerState(bytes);
    expect(back).toEqual(state);
    expect(Object.is(back.parameters.get('conv.weight')?.data[0], -0)).toBe(true);
    expect(encodeTrainerState(back, { backbone: 'res2net50' })).toEqual(bytes);
  });

  it('does not lose that there was no best yet', () => {
    expect(decodeTrainerState(encodeTrainerState({ ...state, best: undefined }))).toEqual({
      ...state,
      best: undefined,
    });
  });

  it('is not shared with the bytes: they may be written again', () => {
    const bytes = encodeTrainerState(state);
    const back = decodeTrainerState(bytes);
    bytes.fill(0xff);
    expect(back.parameters.get('bn.bias')?.data[0]).toBe(1);
  });

  it('refuses weights alone, and a file that was cut off', () => {
    const weights = writeSafetensors([{ name: 'conv.weight', shape: [3], data: Float32Array.of(1, 2, 3) }]);
    expect(() => decodeTrainerState(weights, 'w.safetensors')).toThrow(
      /TRAINER_STATE_FILE.*1 tensors.*w\.safetensors/s,
    );
    const bytes = encodeTrainerState(state);
    for (const length of [3, 40, bytes.length - 1]) {
      expect(() => decodeTrainerState(bytes.subarray(0, length), 's')).toThrow(/CHECKPOINT_/);
    }
  });
});
