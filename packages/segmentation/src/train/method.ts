/** Optimiser, learning rate and clip from settings. */
import type { ParameterStore } from '@infnet/core';
import {
  Adam,
  AdamW,
  clampGradients,
  clipGradientNorm,
  confidenceFiltered,
  constant,
  cosine,
  type GradientClip,
  type LearningRateSchedule,
  meanTeacher,
  noClip,
  type Optimizer,
  randomSelection,
  releasedStep,
  type SemiStrategy,
  SGD,
  stepDecay,
} from '@infnet/trainer';
import type { SegmentationTask } from '../task.js';
import type { TrainSettings } from './options.js';

/** What the field uses. That of the released multi-class training is 0.7. */
const MOMENTUM = 0.9;

export function optimizerOf(
  { optimizer, momentum = MOMENTUM, weightDecay, freeze }: TrainSettings,
  parameters: ParameterStore,
): Optimizer {
  const frozen = (name: string): boolean => freeze.some((beginning) => name.startsWith(beginning));
  const options = { weightDecay, settings: (name: string) => ({ frozen: frozen(name) }) };
  if (optimizer === 'sgd') return new SGD(parameters, { ...options, momentum });
  return optimizer === 'adamw' ? new AdamW(parameters, options) : new Adam(parameters, options);
}

export function scheduleOf({ schedule, lr }: TrainSettings): LearningRateSchedule {
  if (schedule === 'constant') return constant(lr);
  if (schedule === 'cosine') return cosine(lr);
  return schedule === 'step' ? stepDecay(lr) : releasedStep(lr);
}

/** Which variant of the task's loss: its usual one where settings say none of it. */
export function lossOf({ losses }: Pick<SegmentationTask, 'losses'>, { loss }: TrainSettings): string {
  return losses.includes(loss) ? loss : (losses[0] ?? loss);
}

export function clipOf({ clip, clipNorm }: TrainSettings): GradientClip {
  if (clipNorm > 0) return clipGradientNorm(clipNorm);
  return clip > 0 ? clampGradients(clip) : noClip;
}

/**
 * What becomes of a smaller last batch of a semi-supervised training. At the smallest size the deepest maps are single
 * values, of which one alone has no variance: that would end it hours later, in a round.
 */
export function lastBatchOf(size: number, { sizeMultiple }: { readonly sizeMultiple: number }): 'keep' | 'drop' {
  return size === sizeMultiple ? 'drop' : 'keep';
}

export function strategyOf({ strategy, group, teacherEpochs, accept }: TrainSettings): SemiStrategy {
  if (strategy === 'mean-teacher') return meanTeacher({ epochs: teacherEpochs });
  if (strategy === 'confidence') return confidenceFiltered({ pool: group, accept: { best: accept } });
  return randomSelection({ groupSize: group });
}
