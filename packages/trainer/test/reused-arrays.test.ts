/** A data set may use one array for all it gives: trainings have the same bits as with fresh arrays. */
import { expect, it } from 'vitest';
import {
  confidenceFiltered,
  type ItemRequest,
  meanTeacher,
  Propagation,
  type PropagationOptions,
  type PseudoLabelStore,
  Trainer,
  type TrainerOptions,
  type TrainerState,
  type TrainingData,
  type UnlabelledData,
} from '../src/index.js';
import { copyingStore, ending, LABELLED, smallPropagation, unlabelledDiscs } from './support/semi.js';
import { discs, openQuietly, SIZE, smallTraining, useSharedContext } from './support/small.js';

useSharedContext();

type Batch = Record<string, Float32Array>;

/** Arrays that are filled again at every call; the place where one batch lies is where the next one will. */
class Reused {
  readonly #arrays = new Map<string, Float32Array>();
  /** Calls that have begun and not ended. */
  open = 0;

  async give(name: string, values: Float32Array): Promise<Float32Array> {
    expect(++this.open).toBe(1);
    const whole = this.#arrays.get(name) ?? new Float32Array(8 * SIZE * SIZE);
    this.#arrays.set(name, whole);
    // Half now and half later, as a loader does that waits for files.
    whole.set(values.subarray(0, values.length / 2));
    await new Promise((resolve) => setTimeout(resolve, 0));
    whole.set(values);
    this.open--;
    return whole.subarray(0, values.length);
  }
}

function reusing(data: TrainingData, arrays: Reused): TrainingData {
  return {
    ...data,
    async batch(items: readonly ItemRequest[]) {
      const batch = (await data.batch(items)) as Batch;
      const [image, mask] = [batch['image'] as Float32Array, batch['mask'] as Float32Array];
      return { image: await arrays.give('image', image), mask: await arrays.give('mask', mask) };
    },
  };
}

const bits = ({ parameters, optimizer, sums, best }: TrainerState) => ({ parameters, optimizer, sums, best });

it.each([
  ['one batch per step', {}],
  ['several batches per step', { accumulate: 3, data: discs(7) }],
  ['several scales', { scales: [0.5, 1], sizeMultiple: 8 }],
  ['without prefetching', { prefetch: false, accumulate: 2 }],
] satisfies readonly (readonly [string, Partial<TrainerOptions>])[])(
  '%s',
  async (_name, options: Partial<TrainerOptions>) => {
    const data = options.data ?? discs(6);
    const train = (over: Partial<TrainerOptions>) =>
      new Trainer(smallTraining({ ...options, ...over, epochs: 2 })).run();
    const fresh = await train({ data });
    const once = await train({ data: reusing(data, new Reused()) });
    expect(bits(once.state)).toEqual(bits(fresh.state));
  },
);

it('the figures of a validation', async () => {
  const metrics = { dice: 0, epoch: 0 };
  const { best } = await new Trainer(
    smallTraining({ validate: async ({ epoch }) => Object.assign(metrics, { dice: 5 - epoch, epoch }) }),
  ).run();
  expect(best).toMatchObject({ epoch: 0, value: 5, metrics: { dice: 5, epoch: 0 } });
});

it('one batch again after a lost device, while another is on its way', async () => {
  const fresh = await new Trainer(smallTraining()).run();
  let rebuilds = 0;
  const training = new Trainer(
    smallTraining({
      data: reusing(discs(6), new Reused()),
      open: openQuietly,
      close: (context) => context.dispose(),
      validate: async ({ context, epoch }) => {
        if (epoch === 1 && rebuilds === 0) context.device.destroy();
        return { dice: 1 };
      },
      onRebuild: () => void rebuilds++,
    }),
  );
  const { state } = await training.run();
  expect(rebuilds).toBe(1);
  expect(state.parameters).toEqual(fresh.state.parameters);
});

it.each([
  ['random selection', {}],
  ['a mean teacher', { strategy: meanTeacher({ epochs: 2 }) }],
  ['a filter', { strategy: confidenceFiltered({ pool: 3, refresh: true }) }],
] satisfies readonly (readonly [string, Partial<PropagationOptions>])[])(
  'semi-supervised: %s',
  async (_name, options: Partial<PropagationOptions>) => {
    const fresh = await new Propagation(smallPropagation({ ...options, store: copyingStore() })).run();
    const arrays = new Reused();
    const plain = unlabelledDiscs();
    const unlabelled: UnlabelledData = {
      ...plain,
      // The very array in which labelled images lie.
      images: async (indices) => arrays.give('image', await plain.images(indices)),
    };
    const label = new Uint8Array(SIZE * SIZE);
    const labels = copyingStore();
    const store: PseudoLabelStore = {
      put: labels.put,
      async get(index) {
        const found = await labels.get(index);
        if (found === undefined) return undefined;
        label.set(found.data);
        return { ...found, data: label };
      },
    };
    const labelled = reusing(discs(LABELLED), arrays);
    const once = await new Propagation(smallPropagation({ ...options, labelled, unlabelled, store })).run();
    expect(ending(once)).toEqual(ending(fresh));
  },
);

it('labels that an encoding makes in one array', async () => {
  const run = async (encoding: PropagationOptions['encoding']) => {
    const stages = { ...smallPropagation().stages, rounds: { epochs: 0 } };
    const { state, weights } = await new Propagation(
      smallPropagation({ encoding: encoding as 'stretched', stages }),
    ).run();
    return { labels: state.rounds.map(({ labels }) => labels), weights };
  };
  const bytes = new Uint8Array(SIZE * SIZE);
  const once = await run((probability) => {
    bytes.set(probability.map((p) => Math.round(255 * p)));
    return bytes;
  });
  expect(once).toEqual(await run('probability'));
});
