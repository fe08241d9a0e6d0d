/** A state through the bytes of a file, and back to the bit. */
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { isInfnetError } from '@infnet/core';
import { describe, expect, it } from 'vitest';
import { decodePropagationState, decodeTrainerState, encodeTrainerState, type TrainerState } from '../src/index.js';

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

describe('a state file with what cannot be', () => {
  /** The file with its progress changed, at one place or as a whole text. */
  const changed = (change: (progress: Record<string, unknown>) => unknown, text?: string): Uint8Array => {
    const { tensors, metadata } = readSafetensors(encodeTrainerState(state));
    const progress: Record<string, unknown> = JSON.parse(String(metadata.get('progress')));
    const said = text ?? JSON.stringify(change(progress) ?? progress);
    return writeSafetensors(tensors, { kind: String(metadata.get('kind')), progress: said });
  };

  it.each([
    ['position.epoch is no number', (p) => ({ ...p, position: { epoch: 'three', unit: 1, step: 10 } })],
    ['position is no object', (p) => ({ ...p, position: undefined })],
    ['plan is no object', (p) => ({ ...p, plan: null })],
    ['sums.loss is no number', (p) => ({ ...p, sums: { loss: [1] } })],
    ['best.metrics is no list of figures', (p) => ({ ...p, best: { epoch: 1, step: 1, value: 0.5, metrics: 7 } })],
    ['optimizer is no object', (p) => ({ ...p, optimizer: 'adam' })],
    ['progress is no object', () => 'nothing'],
  ] satisfies [string, (progress: Record<string, unknown>) => unknown][])('%s', (says, change) => {
    expect(() => decodeTrainerState(changed(change), 'last.safetensors')).toThrow(
      new RegExp(`TRAINER_STATE_FILE.*${says}.*last\\.safetensors`, 's'),
    );
  });

  it('no JSON, JSON that nests deeper than a stack, and lists without end', () => {
    const deep = `${'[{"a":'.repeat(40_000)}1${'}]'.repeat(40_000)}`;
    for (const text of ['{', 'null', deep, `[${'{},'.repeat(200_000)}{}]`]) {
      expect(() => decodeTrainerState(changed(() => undefined, text))).toThrow(/TRAINER_STATE_FILE/);
    }
  });

  it('tensors that are no float32', () => {
    const { tensors, metadata } = readSafetensors(encodeTrainerState(state));
    tensors.set('parameters/bn.bias', {
      name: 'parameters/bn.bias',
      shape: [1],
      dtype: 'int64',
      data: BigInt64Array.of(1n),
    });
    metadata.delete('checksum');
    const texts = Object.fromEntries([...metadata].map(([name, value]) => [name, String(value)]));
    expect(() => decodeTrainerState(writeSafetensors(tensors, texts))).toThrow(/TRAINER_STATE_FILE.*bn\.bias.*int64/s);
  });
});

describe('the state file of a propagation with what cannot be', () => {
  const file = (progress: unknown): Uint8Array =>
    writeSafetensors([], { kind: 'infnet propagation state', progress: JSON.stringify(progress) });

  it.each([
    ['state is no object', {}],
    ['state is no object', []],
    ['progress is no object', 7],
    ['hasWeights', { state: {}, hasWeights: 1, trainer: null }],
    ['state.problem', { state: { version: 1, problem: 3 }, hasWeights: false, trainer: null }],
  ])('%s', (says, progress) => {
    expect(() => decodePropagationState(file(progress), 'last')).toThrow(
      new RegExp(`SEMI_STATE_FILE.*${says === 'hasWeights' ? '' : says}.*last`, 's'),
    );
  });
});

it('no flipped bit of a state is read', () => {
  const bytes = encodeTrainerState(state, { own: 'text' }, { log_lines: '7' });
  const whole = decodeTrainerState(bytes);
  // Every bit of a byte comes, though not of every byte.
  for (let bit = 0; bit < 8 * bytes.length; bit += 5) {
    const at = bit >> 3;
    bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
    let read: TrainerState | undefined;
    try {
      read = decodeTrainerState(bytes);
    } catch (error) {
      expect(isInfnetError(error), String(error)).toBe(true);
    }
    // What the checksum is called, and what it is not of, is nothing that is trained on.
    if (read !== undefined) expect(read).toEqual(whole);
    bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
  }
});
