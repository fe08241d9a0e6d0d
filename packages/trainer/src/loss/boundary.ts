/** The boundary loss: probabilities weighed by how far a pixel lies from the border of its class. */
import { checkOptions, type Tensor, type TensorLike } from '@infnet/core';
import { detach, mean, mul, narrow, sigmoid, softmax } from '@infnet/nn';
import { requireAlike } from '@infnet/nn/kernels';

export interface BoundaryLossOptions {
  /** What makes probabilities of the prediction. Default `softmax` over channels. */
  readonly activation?: 'softmax' | 'sigmoid' | 'none';
  /** Channel 0 counts as well. Default true. */
  readonly background?: boolean;
}

/**
 * The boundary loss (Kervadec et al. 2019), the mean over images, classes and pixels of p times the signed distance to
 * the border of the class's region, which is negative inside of it. A scalar; the gradient flows to the prediction
 * alone. It has no lower bound of its own: add it to a loss of regions.
 *
 * @param prediction [N, C, ...], logits unless `activation` says otherwise
 * @param distances [N, C, ...], in pixels or any other unit; 0 where a pixel is not to count
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, `SHAPE_RANGE`, with the module's path.
 */
export function boundaryLoss(prediction: TensorLike, distances: TensorLike, options: BoundaryLossOptions = {}): Tensor {
  const where = 'boundaryLoss';
  checkOptions(where, options, { 'activation?': ['softmax', 'sigmoid', 'none'], 'background?': 'flag' });
  const { activation = 'softmax', background = true } = options;
  const operands = [
    ['the prediction', prediction],
    ['the distance map', distances],
  ] as const;
  requireAlike(where, operands);
  const p = activation === 'none' ? prediction : activation === 'softmax' ? softmax(prediction) : sigmoid(prediction);
  const classes = (prediction.shape[1] as number) - 1;
  const counted = (maps: TensorLike): TensorLike => (background ? maps : narrow(maps, 1, 1, classes));
  return mean(mul(counted(p), counted(detach(distances))));
}
