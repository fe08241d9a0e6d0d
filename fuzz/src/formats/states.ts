/** States of trainings: right files whose progress says something else. */
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import {
  decodePropagationState,
  decodeTrainerState,
  encodePropagationState,
  encodeTrainerState,
  type TrainerState,
} from '@infnet/trainer';
import { mutateBytes } from '../bytes.js';
import type { Format } from '../format.js';
import { mutateJson, mutateText } from '../text.js';

const WORDS = ['null', '{}', '[]', '"NaN"', '-1', 'true', '{', '}', '[', ']', ',', ':', '""'];

export const states: Format = {
  name: 'states',
  corpus: () => [
    encodeTrainerState(state),
    encodePropagationState(propagation),
    encodePropagationState({ ...propagation, trainer: undefined }),
  ],
  mutate(file, random) {
    if (random.isOneIn(6)) return mutateBytes(file, random);
    const { tensors, metadata } = readSafetensors(file);
    const texts = Object.fromEntries([...metadata].map(([name, value]) => [name, String(value)]));
    const progress = texts['progress'] ?? '';
    texts['progress'] = random.isOneIn(3)
      ? wellFormed(mutateText(progress, random, WORDS))
      : JSON.stringify(mutateJson(JSON.parse(progress), random));
    if (random.isOneIn(9)) texts['kind'] = random.pick(['infnet training state', 'infnet propagation state', '']);
    if (random.isOneIn(9))
      tensors.set('parameters/odd', { name: '', shape: [1], dtype: 'uint8', data: new Uint8Array(1) });
    // A checksum of what it holds now.
    delete texts['checksum'];
    return writeSafetensors(tensors, texts, { checksum: true });
  },
  read(bytes) {
    const isTraining = readSafetensors(bytes).metadata.get('kind') === 'infnet training state';
    if (isTraining) decodeTrainerState(bytes, 'last.safetensors');
    else decodePropagationState(bytes, 'last.safetensors');
    return 4 * bytes.length;
  },
};

/** What is no text in UTF-8 cannot be written. */
const wellFormed = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text));

const values = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });

const state: TrainerState = {
  version: 1,
  seed: 7,
  plan: {
    items: 6,
    batchSize: 2,
    accumulate: 1,
    scales: 1,
    rates: [1],
    shuffle: true,
    lastBatch: 'keep',
    names: 'abcd',
  },
  position: { epoch: 3, unit: 1, step: 10 },
  sums: { loss: 0.3, edge: Number.NaN },
  summed: 1,
  best: { epoch: 2, step: 9, value: 0.5, metrics: { dice: 0.5 }, metric: 'dice', larger: true },
  stale: 0,
  parameters: new Map([['conv.weight', values(1, 2, 3)]]),
  optimizer: {
    name: 'adam',
    steps: 10,
    settings: { beta1: 0.9 },
    moments: new Map([['exp_avg.conv.weight', values(1, 2, 3)]]),
  },
  companion: new Map([['teacher', values(4)]]),
};

const propagation: Parameters<typeof encodePropagationState>[0] = {
  version: 1,
  problem: { seed: 7, labelled: 4, unlabelled: 9, strategy: 'random', settings: { count: 5 } },
  stage: 'rounds',
  stages: [{ stage: 'labelled', figures: { loss: 0.5, metrics: { dice: 0.4 } } }],
  rounds: [{ round: 0, images: [1, 2], labels: ['aa', 'bb'], epochs: 1, figures: { loss: Number.NaN } }],
  current: { round: 1, images: [3], labels: ['cc'], epochs: 1 },
  figures: { loss: 0.1 },
  weights: new Map([['conv.weight', values(1, 2, 3)]]),
  trainer: state,
};
