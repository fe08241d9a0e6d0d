/**
 * The second stage: a U-Net that gets the slice and where it is infected, and tells ground-glass from consolidation.
 * Only what is trained differs from other trainings, not how it is kept, resumed and shown.
 */

import type { MultiClassDataset } from '@infnet/data';
import { multiClassTrainingData } from '@infnet/data';
import type { UNet } from '@infnet/inf-net';
import { sigmoid } from '@infnet/nn';
import type { TrainSettings } from '@infnet/segmentation/options';
import { bce, crossEntropy } from '@infnet/trainer';
import { CHANNEL_ORDER } from '../../classes/unet-weights.js';
import { augmentationOf } from './data.js';
import { clipOf } from './method.js';
import { checkReleasedLabels, openMultiClassData } from './multi-class-data.js';
import { makeUNet } from './multi-class-net.js';
import { multiClassReport } from './multi-class-report.js';
import { MultiClassValidator } from './multi-class-validation.js';
import type { Prepared, Preparing, RunRest } from './prepared.js';
import type { RunParts } from './run.js';
import { SupervisedRun } from './supervised.js';
import type { TrainingTask } from './task.js';

/** @throws InfnetError of settings, weights and data */
export async function prepareMultiClass({ asked, resumed, folder, reading }: Preparing): Promise<Prepared> {
  const { net, initial, settings, order, notes } = await makeUNet(asked, resumed);
  clipOf(settings);
  const { train, validation: dataset, warnings } = await openMultiClassData(settings, reading('reading slices'));
  const { size, batch, samples, width } = settings;
  if (order === 'as-released') await checkReleasedLabels(train, size);
  const validation =
    dataset === undefined
      ? undefined
      : new MultiClassValidator({ net, dataset, size, batch, order, folder: folder.samples, samples });
  const describe = { net: 'unet', width, size, [CHANNEL_ORDER]: order };
  const settled = { net, initial, settings, data: { train, validation: dataset }, validation, describe };
  return {
    settings,
    warnings: [...notes.map((note) => `  ${note}`), warnings],
    makeRun: (rest: RunRest) => {
      const parts: RunParts = { ...rest, ...settled };
      return order === 'as-released'
        ? new SupervisedRun(parts, releasedTask(settings, net, train))
        : new SupervisedRun(parts, classesTask(settings, net, train));
    },
  };
}

/** Cross entropy of three classes; labels resized by nearest neighbour. */
function classesTask(settings: TrainSettings, net: UNet, train: MultiClassDataset): TrainingTask<'image' | 'classes'> {
  const { size } = settings;
  return {
    data: multiClassTrainingData(train, 'classes', { size, augmentation: augmentationOf(settings) }),
    loss: ({ image, classes }) => crossEntropy(net.call(image), classes),
    sizeMultiple: 1,
    report: multiClassReport,
  };
}

/** The released training: three sigmoids, labels and channels as they come out of its loader (quirks 24-27). */
function releasedTask(settings: TrainSettings, net: UNet, train: MultiClassDataset): TrainingTask<'image' | 'onehot'> {
  const { size } = settings;
  const augmentation = augmentationOf(settings);
  return {
    data: multiClassTrainingData(train, 'onehot', { size, augmentation, asReleased: true }),
    loss: ({ image, onehot }) => bce(sigmoid(net.call(image)), onehot),
    sizeMultiple: 1,
    report: multiClassReport,
  };
}
