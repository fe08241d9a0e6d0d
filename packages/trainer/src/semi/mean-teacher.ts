/**
 * Mean teacher (Tarvainen and Valpola, 2017). Every step has a labelled and an unlabelled batch:
 *
 *     loss = loss(student(labelled), masks) + w consistency(student(unlabelled + noise), teacher(unlabelled))
 *
 * where the teacher's weights and running statistics are the student's, averaged over the steps so far with factors
 * that fade by `decay`. The targets are the teacher's probabilities at that very step: the data are asked for a batch
 * when the step before it and the teacher's move are done. w rises over the first epochs, as in the paper.
 *
 * One long round of this; then the teacher's weights take the student's place and label all images, for the stages that
 * follow and for callers that want the labels. An epoch is one pass over the larger of the two sets; the other one is
 * repeated.
 */

import { operandNamed, type StateDict, seededRandom, Tensor, type TensorData } from '@infnet/core';
import { add, mean, mul, sigmoid, sub } from '@infnet/nn';
import type { StepLoss } from '../step/step-loss.js';
import type { ItemRequest, TrainingData } from '../trainer/data.js';
import { mixSeed, permutation } from '../trainer/order.js';
import { checkChoices, checkNumbers } from './options-check.js';
import type { RoundTraining, SemiStrategy, TrainingContext } from './strategy.js';
import { Teacher } from './teacher.js';
import { imageName } from './unlabelled.js';

export interface MeanTeacherOptions {
  /** Epochs of the round. Default 30. */
  readonly epochs?: number;
  /** How much of the teacher stays in a step. Default 0.99: it averages over about 100 steps. */
  readonly decay?: number;
  /** The consistency's weight at the end of the ramp. Default 1. */
  readonly weight?: number;
  /** Epochs in which the weight rises to that, in equal steps. Default 5. */
  readonly rampUp?: number;
  /** Bound of the uniform noise that is added to the student's unlabelled images, in their units. Default 0.1. */
  readonly noise?: number;
  /** Default: the mean squared difference of probabilities, as in the paper. Both are [N, 1, H, W]. */
  readonly consistency?: (logits: Tensor, target: Tensor) => Tensor;
  /** Which weights to go on with. Default `teacher`. */
  readonly result?: 'teacher' | 'student';
}

const UNLABELLED = 'semi/unlabelled';
const TARGET = 'semi/target';
const WEIGHT = 'semi/weight';
/** Keep draws of the same seed apart. */
const [PAIRS, NOISE] = [0x9a125, 0x2015e];

/** @throws InfnetError `SEMI_OPTION`. */
export function meanTeacher(options: MeanTeacherOptions = {}): SemiStrategy {
  const { epochs = 30, decay = 0.99, weight = 1, rampUp = 5, noise = 0.1, result = 'teacher' } = options;
  const { consistency = squaredDifference } = options;
  const own = ['epochs', 'decay', 'weight', 'rampUp', 'noise', 'result', 'consistency'];
  checkChoices('meanTeacher', options, own, { result: [result, ['teacher', 'student']] });
  checkNumbers({
    epochs: { value: epochs, least: 1, whole: true },
    decay: { value: decay, least: 0, most: 1 },
    weight: { value: weight, least: 0 },
    rampUp: { value: rampUp, least: 0 },
    noise: { value: noise, least: 0 },
  });
  const weightAt = (epoch: number): number => (rampUp === 0 ? weight : weight * Math.min(1, (epoch + 1) / rampUp));
  return {
    name: 'mean-teacher',
    settings: { epochs, decay, weight, rampUp, noise, result },
    rounds: () => 2,
    next({ round, remaining }) {
      if (round === 0) return { label: [], epochs };
      return round === 1 ? { label: remaining, epochs: 0 } : undefined;
    },
    training(plain, context): RoundTraining {
      const { logits, batchSize, net, image } = context;
      const teacher = new Teacher({ net, logits, image, batchSize, decay });
      return {
        data: pairedData(teacher, context, weightAt, noise),
        loss: (inputs) => {
          const supervised = asStepLoss(plain.loss(inputs));
          const student = logits({ image: operandNamed(inputs, UNLABELLED) });
          const difference = consistency(student, operandNamed(inputs, TARGET));
          const loss = add(supervised.loss, mul(difference, mean(operandNamed(inputs, WEIGHT))));
          return {
            ...supervised,
            loss,
            parts: { ...supervised.parts, labelled: supervised.loss, consistency: difference },
          };
        },
        companion: teacher,
        prefetch: false,
        weights: ({ parameters, companion }): StateDict => (result === 'teacher' && companion) || parameters,
      };
    },
  };
}

/** Item i: an unlabelled image with the teacher's prediction, and a labelled one drawn again in every epoch. */
function pairedData(
  teacher: Teacher,
  context: TrainingContext,
  weightAt: (epoch: number) => number,
  noise: number,
): TrainingData {
  const { labelled, unlabelled, image, seed } = context;
  const mask = labelled.inputs['mask'] as TrainingData['inputs'][string];
  const unlabelledAt = (index: number): number => index % unlabelled.length;
  const labelledAt = ({ index, epoch }: ItemRequest): number => {
    const order = permutation(labelled.length, mixSeed(seed, PAIRS), epoch);
    return order[index % labelled.length] as number;
  };
  return {
    length: Math.max(labelled.length, unlabelled.length),
    inputs: { ...labelled.inputs, [UNLABELLED]: image, [TARGET]: mask, [WEIGHT]: [1] },
    name: (index) => imageName(unlabelled, unlabelledAt(index)),
    async batch(items) {
      // A copy: the labelled images, which come next, may lie in the same array.
      const pictures = (await unlabelled.images(items.map(({ index }) => unlabelledAt(index)))).slice();
      const [theirs, targets] = await Promise.all([
        labelled.batch(items.map((item) => ({ ...item, index: labelledAt(item) }))),
        teacher.predict(pictures, items.length),
      ]);
      const batch: Record<string, TensorData> = { ...theirs };
      batch[UNLABELLED] = disturbed(pictures, items, noise);
      batch[TARGET] = targets;
      batch[WEIGHT] = Float32Array.from(items, ({ epoch }) => weightAt(epoch));
      return batch;
    },
  };
}

/** A copy with noise that follows from each item's seed. */
function disturbed(images: Float32Array, items: readonly ItemRequest[], noise: number): Float32Array {
  const each = images.length / items.length;
  const result = new Float32Array(images.length);
  for (const [i, { seed }] of items.entries()) {
    const random = seededRandom(mixSeed(seed, NOISE));
    for (let k = i * each; k < (i + 1) * each; k++) result[k] = (images[k] as number) + noise * (2 * random() - 1);
  }
  return result;
}

function squaredDifference(logits: Tensor, target: Tensor): Tensor {
  const difference = sub(sigmoid(logits), target);
  return mean(mul(difference, difference));
}

function asStepLoss(result: Tensor | StepLoss): StepLoss {
  return result instanceof Tensor ? { loss: result } : result;
}
