/** Losses of logits and the class of each pixel: cross entropy and the focal loss. */
import { apply, applyOne, checkOptions, type Tensor, type TensorLike } from '@infnet/core';
import { detach, div, sum } from '@infnet/nn';
import { crossEntropyOperator } from './cross-entropy.js';
import { checkLabels, DEFAULT_IGNORE_INDEX } from './labels.js';
import { type PixelEntropyAttributes, pixelEntropyOperator } from './pixel-entropy.js';

/**
 * What is made of the pixels' losses: their mean, their sum, or nothing, which gives [N, ...] with 0 where a pixel does
 * not count.
 */
export type Reduction = 'mean' | 'sum' | 'none';

export interface ClassLossOptions {
  /** Pixels of this class do not count, neither in the sum nor in the mean: e.g. 255. Default -100, as in PyTorch. */
  readonly ignoreIndex?: number;
  /** A weight for each class, at least 0. Default (and of none): all 1. */
  readonly weights?: readonly number[];
  /** Default `mean`. */
  readonly reduction?: Reduction;
}

export interface CrossEntropyOptions extends ClassLossOptions {
  /** Share of the target that all classes have in equal parts, 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
}

/** A loss of each pixel, reduced. */
function reduced(
  logits: TensorLike,
  target: TensorLike,
  attributes: PixelEntropyAttributes,
  reduction: Reduction,
  what: string,
): Tensor {
  const [losses, counts] = apply(pixelEntropyOperator, [logits, target], attributes) as readonly [Tensor, Tensor];
  checkLabels(losses, logits, target, attributes.ignoreIndex, what);
  if (reduction === 'none') return losses;
  return reduction === 'sum' ? sum(losses) : div(sum(losses), detach(sum(counts)));
}

/** The values of numbers are checked with the operator's attributes, with the module's path. */
const OPTIONS = { 'ignoreIndex?': 'any', 'weights?': 'any', 'reduction?': ['mean', 'sum', 'none'] } as const;

/**
 * The cross entropy of softmax(logits) over channels, as torch.nn.CrossEntropyLoss: its mean over pixels (default), a
 * scalar. The gradient flows to the logits, and to a distribution. With `weights`, the mean is the weighted sum over
 * the sum of the pixels' weights.
 *
 * Labels that a run is given are checked before it: `LABEL_RANGE` names the item and the label that is not a class.
 * Labels that lie in a buffer of yours cannot be seen; one that is not a class makes the loss and its pixel's gradients
 * NaN. Where no pixel counts the mean is NaN and the gradient 0, as in PyTorch.
 *
 * @param logits [N, C, ...]
 * @param target the class of each pixel, u32 or i32 [N, ...], from 0 to C - 1, or its distribution over classes, f32
 *   [N, C, ...] (without options)
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, `SHAPE_ATTRIBUTE`, with the module's path.
 */
export function crossEntropy(logits: TensorLike, target: TensorLike, options: CrossEntropyOptions = {}): Tensor {
  checkOptions('crossEntropy', options, { ...OPTIONS, 'labelSmoothing?': 'any' });
  const { ignoreIndex = DEFAULT_IGNORE_INDEX, weights = [], labelSmoothing = 0, reduction = 'mean' } = options;
  if (reduction !== 'mean' || options.weights !== undefined || labelSmoothing !== 0) {
    const attributes = { ignoreIndex, weights, labelSmoothing, gamma: 0, byWeight: true };
    return reduced(logits, target, attributes, reduction, 'crossEntropy');
  }
  const loss = applyOne(crossEntropyOperator, [logits, target], { ignoreIndex });
  if (target.dtype !== 'f32') checkLabels(loss, logits, target, ignoreIndex, 'crossEntropy');
  return loss;
}

export interface FocalLossOptions extends ClassLossOptions {
  /** How much less a pixel counts that is right already, at least 0; 0 is the cross entropy. Default 2. */
  readonly gamma?: number;
}

/**
 * The focal loss w_t (1 - p_t)^gamma (-log p_t) of p = softmax(logits), t each pixel's class (Lin et al. 2017; their
 * alpha is `weights`). Its mean (default) is over the pixels that count, whatever they weigh. A scalar; the gradient
 * flows to the logits. Labels: see {@link crossEntropy}.
 *
 * @param logits [N, C, ...]
 * @param target the class of each pixel, u32 or i32 [N, ...]
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, `SHAPE_ATTRIBUTE`, with the module's path.
 */
export function focalLoss(logits: TensorLike, target: TensorLike, options: FocalLossOptions = {}): Tensor {
  checkOptions('focalLoss', options, { ...OPTIONS, 'gamma?': 'any' });
  const { ignoreIndex = DEFAULT_IGNORE_INDEX, weights = [], gamma = 2, reduction = 'mean' } = options;
  const attributes = { ignoreIndex, weights, labelSmoothing: 0, gamma, byWeight: false };
  return reduced(logits, target, attributes, reduction, 'focalLoss');
}
