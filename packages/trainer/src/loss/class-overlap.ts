/** Dice and Tversky losses of logits and the class of each pixel. */
import { applyOne, checkOptions, type Tensor, type TensorLike } from '@infnet/core';
import { softmax } from '@infnet/nn';
import { checkLabels, DEFAULT_IGNORE_INDEX } from './labels.js';
import { overlapLossOperator } from './overlap-loss.js';

export interface ClassDiceLossOptions {
  /**
   * What makes probabilities of the prediction. Default `softmax` over channels; `none` where they are probabilities.
   */
  readonly activation?: 'softmax' | 'none';
  /** Added above and below each fraction, at least 0. Default 1e-5. */
  readonly smooth?: number;
  /** Below the fraction stands the sum of p^2 instead of p. Default false. */
  readonly squared?: boolean;
  /** One fraction for each class, with sums over the whole batch (else for each image and class). Default false. */
  readonly batch?: boolean;
  /** Class 0 counts as well. Default true. */
  readonly background?: boolean;
  /** Pixels of this class do not count in any sum: e.g. 255. Default -100. */
  readonly ignoreIndex?: number;
}

/** The values of numbers are checked with the operator's attributes, with the module's path. */
const OPTIONS = {
  'activation?': ['softmax', 'none'],
  'smooth?': 'any',
  'squared?': 'flag',
  'batch?': 'flag',
  'background?': 'flag',
  'ignoreIndex?': 'any',
} as const;

interface Weights {
  readonly alpha: number;
  readonly beta: number;
  readonly smooth: number;
}

function overlapLoss(
  prediction: TensorLike,
  target: TensorLike,
  options: ClassDiceLossOptions,
  weights: Weights,
  what: string,
): Tensor {
  const { activation = 'softmax', squared = false, batch = false, background = true } = options;
  const { ignoreIndex = DEFAULT_IGNORE_INDEX } = options;
  const p = activation === 'none' ? prediction : softmax(prediction);
  const attributes = { ...weights, squared, batch, background, ignoreIndex };
  const loss = applyOne(overlapLossOperator, [p, target], attributes);
  checkLabels(loss, prediction, target, ignoreIndex, what);
  return loss;
}

/**
 * The soft Dice loss on class indices, the mean over images and classes of 1 - (2 sum(p t) + smooth) / (sum(p) + sum(t)
 * + smooth), t = 1 where the pixel is of the class. A scalar; the gradient flows to the prediction. Labels: see
 * `crossEntropy`. A class that is nowhere and not predicted costs nothing (with `smooth: 0`: NaN).
 *
 * @param prediction [N, C, ...], logits unless `activation` says otherwise
 * @param target the class of each pixel, u32 or i32 [N, ...]
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, `SHAPE_ATTRIBUTE`, with the module's path.
 */
export function classDiceLoss(prediction: TensorLike, target: TensorLike, options: ClassDiceLossOptions = {}): Tensor {
  checkOptions('classDiceLoss', options, OPTIONS);
  // Both sides of the fraction are halved, so that Dice is Tversky's with weights of a half.
  const weights = { alpha: 0.5, beta: 0.5, smooth: (options.smooth ?? 1e-5) / 2 };
  return overlapLoss(prediction, target, options, weights, 'classDiceLoss');
}

export interface TverskyLossOptions extends ClassDiceLossOptions {
  /** Weight of what is predicted and not there, at least 0. Default 0.5, as in the Dice loss. */
  readonly alpha?: number;
  /** Weight of what is there and not predicted, at least 0. Default 0.5. */
  readonly beta?: number;
}

/**
 * The Tversky loss on class indices (Salehi et al. 2017), the mean over images and classes of 1 - (I + smooth) / (I +
 * alpha F + beta M + smooth) with I = sum(p t), F = sum(p (1 - t)), M = sum((1 - p) t). A scalar; everything else as in
 * {@link classDiceLoss}.
 *
 * @param prediction [N, C, ...], logits unless `activation` says otherwise
 * @param target the class of each pixel, u32 or i32 [N, ...]
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, `SHAPE_ATTRIBUTE`, with the module's path.
 */
export function tverskyLoss(prediction: TensorLike, target: TensorLike, options: TverskyLossOptions = {}): Tensor {
  checkOptions('tverskyLoss', options, { ...OPTIONS, 'alpha?': 'any', 'beta?': 'any' });
  const { alpha = 0.5, beta = 0.5, smooth = 1e-5 } = options;
  return overlapLoss(prediction, target, options, { alpha, beta, smooth }, 'tverskyLoss');
}
