/**
 * Train: a training that is stored as it goes, paused, continued after a reload, and taken up again when the device is
 * lost.
 */
import { InfnetError, isInfnetError } from '@infnet/core';
import { taskNamed } from '../tasks.js';
import type { Gpu } from './gpu.js';
import type { Call, Handlers } from './handlers.js';
import { MemoryStore } from './memory-store.js';
import { recordFrom, StoredRun, type Unstored } from './stored-run.js';
import { checkFiles } from './train-data.js';
import { TrainOwner } from './train-owner.js';
import type { StoredNow, TrainEnd, TrainEvent, TrainMethods, TrainRecord } from './train-protocol.js';
import { settingsOf } from './train-settings.js';
import { idOf, type StoredTraining, type TrainStorage, TrainStore } from './train-store.js';
import { nothing, weightsOf } from './trained-weights.js';

export function trainHandlers(gpu: Gpu): Handlers<TrainMethods> {
  const owner = new TrainOwner((navigator as Partial<Navigator>).locks);
  let store: Promise<TrainStorage> | undefined;
  let unstored: Unstored | undefined;
  const opened = (): Promise<TrainStorage> => {
    // Without locks tabs would write over each other's training: each keeps its own.
    store ??= owner.canShare ? TrainStore.open().catch(() => new MemoryStore()) : Promise.resolve(new MemoryStore());
    return store;
  };
  /** A storage with the training in it: one that lasts, unless the browser refuses. */
  const begin = async (training: StoredTraining): Promise<TrainStorage> => {
    const storage = await opened();
    const record = await recordOf(storage).catch((error: unknown) => {
      // Whoever starts another one was told so.
      if (!isInfnetError(error, 'TRAIN_UNREADABLE')) throw error;
    });
    if (record !== undefined) throw otherStored(record);
    try {
      await storage.begin(training);
      return storage;
    } catch {
      const instead = new MemoryStore();
      await instead.begin(training);
      store = Promise.resolve(instead);
      return instead;
    }
  };
  const run = (storage: TrainStorage, training: StoredTraining, call: Call<TrainEvent>): Promise<TrainEnd> =>
    new StoredRun(storage, training, gpu, call, (state) => {
      unstored = state;
    }).run();
  return {
    async trainRecord(): Promise<StoredNow> {
      // In this order: an owner that ends in between is then known to have ended.
      const isElsewhere = await owner.isElsewhere();
      return { isElsewhere, record: await recordOf(await opened()) };
    },
    async trainFree(_, { signal }) {
      await owner.untilFree(signal);
      return undefined;
    },
    async trainDiscard({ id }) {
      await owner.alone(async () => {
        const storage = await opened();
        const training = await storage.training();
        if (training !== undefined && idOf(training) !== id) throw changed();
        await storage.clear();
        unstored = undefined;
      });
      return undefined;
    },
    trainCheck: ({ files, labelled, settings: asked }, { tell, signal }) => {
      const settings = settingsOf(asked, { kind: 'files', labelled: [], unlabelled: [] });
      return checkFiles(files, labelled, { task: taskNamed(asked.task), settings, onProgress: tell, signal });
    },
    async train({ settings, data }, call) {
      return owner.alone(async () => {
        const training = { id: crypto.randomUUID(), settings: settingsOf(settings, data), data };
        const storage = await begin(training);
        if (!storage.isLasting) call.tell({ kind: 'fleeting' });
        return run(storage, training, call);
      });
    },
    async trainContinue({ id }, call) {
      return owner.alone(async () => {
        const storage = await opened();
        const training = await storage.training();
        if (training === undefined || idOf(training) !== id) throw changed();
        return run(storage, training, call);
      });
    },
    async trainWeights({ id }) {
      if (unstored !== undefined && idOf(unstored.training) === id) {
        const { training, state, progress } = unstored;
        return weightsOf(taskNamed(training.settings.task), training, state, progress);
      }
      const storage = await opened();
      const training = await storage.training();
      if (training === undefined || idOf(training) !== id) throw changed();
      const { state, progress } = (await storage.whole()) ?? {};
      if (state === undefined || progress === undefined) throw nothing();
      return weightsOf(taskNamed(training.settings.task), training, state, progress);
    },
  };
}

async function recordOf(storage: TrainStorage): Promise<TrainRecord | undefined> {
  const [training, progress] = await Promise.all([storage.training(), storage.progress()]);
  return training === undefined || progress === undefined ? undefined : recordFrom(training, progress);
}

function changed(): InfnetError {
  const message = 'The training that is shown here is not the one that is stored any more: another tab changed it.';
  return new InfnetError({ code: 'TRAIN_CHANGED', message, fix: 'What is stored now is shown instead.' });
}

function otherStored({ status, log }: TrainRecord): InfnetError {
  const steps = log.steps.at(-1)?.step ?? 0;
  return new InfnetError({
    code: 'TRAIN_STORED',
    message: `This browser holds a training already (${status}, ${steps} steps), which another tab began. Nothing was started.`,
    fix: 'It is shown here now: go on with it, or discard it first.',
  });
}
