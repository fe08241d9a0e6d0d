/** What is trained: data, loss and report. How it is trained, kept and resumed does not depend on it. */
import { type Dataset, trainingData } from '@infnet/data';
import type { InfNet } from '@infnet/inf-net';
import type { TrainSettings } from '@infnet/segmentation/options';
import { infNetLoss, type TrainerOptions, type TrainingData } from '@infnet/trainer';
import { cliError } from '../../errors.js';
import { augmentationOf } from './data.js';
import { type RunReport, trainingReport } from './report.js';

export interface TrainingTask<N extends string> {
  readonly data: TrainingData<N>;
  readonly loss: TrainerOptions<N>['loss'];
  /** What sizes at other scales are rounded to a multiple of. */
  readonly sizeMultiple: number;
  /** The page of a run. */
  readonly report: (run: RunReport) => string;
}

/** Inf-Net on slices with masks. */
export function infNetTask(
  settings: TrainSettings,
  net: InfNet,
  train: Dataset,
): TrainingTask<'image' | 'mask' | 'edge'> {
  return {
    data: trainingData(train, { size: settings.size, augmentation: augmentationOf(settings) }),
    loss: infNetLossOf(settings, net),
    sizeMultiple: net.sizeMultiple,
    report: trainingReport,
  };
}

/** @throws InfnetError `CLI_USAGE` for the loss of classes */
export function infNetLossOf(
  { loss: variant }: Pick<TrainSettings, 'loss'>,
  net: InfNet,
): TrainerOptions<'image' | 'mask' | 'edge'>['loss'] {
  if (variant === 'cross-entropy') throw cliError('CLI_USAGE', 'Inf-Net tells no classes.', 'Add --multi-class.');
  return ({ image, mask, edge }) => infNetLoss(net.call(image), { mask, edge }, { variant });
}
