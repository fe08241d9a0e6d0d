/** A training of the page in Node: the engine's session, and the file of weights that the page must give. */
import { open } from '@infnet/core';
import type { SegmentationTask } from '@infnet/segmentation';
import { openTrainData } from '../src/worker/train-data.js';
import type { AskedSettings, EpochLine, TrainData } from '../src/worker/train-protocol.js';
import { settingsOf } from '../src/worker/train-settings.js';
import { weightsOf } from '../src/worker/trained-weights.js';
import { encodeState, openTraining } from '../src/worker/training.js';

export async function trainedInNode(
  task: SegmentationTask,
  asked: AskedSettings,
  data: TrainData,
): Promise<Uint8Array> {
  const settings = settingsOf(asked, data);
  const opened = await openTrainData(data, { task, settings, onProgress: () => {} });
  let step = 0;
  const epochs: EpochLine[] = [];
  const session = openTraining({
    task,
    settings,
    data: opened,
    open: () => open({ adapter: 'swiftshader', onMessage: () => {} }),
    events: {
      onStep: () => void step++,
      onEpoch: ({ epoch, loss }) => void epochs.push({ epoch, loss, step, dice: undefined, stage: 'labelled' }),
    },
  });
  const { state } = await session.run();
  const log = { steps: [{ step, loss: 0 }], epochs, rounds: [] };
  return weightsOf(task, { settings, data }, encodeState(state), { log, trainedOn: opened.trainedOn }).bytes;
}
