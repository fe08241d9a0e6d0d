/** The loss that Inf-Net is trained with: its five supervised maps compared with the mask and its edge. */
import { sumTensors, type Tensor } from '@infnet/core';
import { edgeLoss } from '@infnet/edge-attention';
import { bceWithLogits } from './bce.js';
import { type JointLossVariant, jointLoss } from './joint-loss.js';

/** What Inf-Net gives, logits at full size [N, 1, H, W]. */
export interface SupervisedMaps {
  readonly lateralMap5: Tensor;
  readonly lateralMap4: Tensor;
  readonly lateralMap3: Tensor;
  readonly lateralMap2: Tensor;
  readonly lateralEdge: Tensor;
}

/** A loss with what it is the sum of, by name: scalars. */
export interface LossWithParts {
  readonly loss: Tensor;
  readonly parts: Readonly<Record<string, Tensor>>;
}

export interface InfNetTargets {
  /** [N, 1, H, W], in [0, 1]. */
  readonly mask: Tensor;
  /** [N, 1, H, W], in [0, 1]. Without it the edge is derived from the mask, which must then be binary. */
  readonly edge?: Tensor;
}

/**
 * The sum of the plain cross entropy of the edge map and of the joint loss of the four lesion maps, all coefficients 1
 * (quirk 11). Parts: `edge`, `map2`, `map3`, `map4`, `map5`.
 */
export function infNetLoss(
  maps: SupervisedMaps,
  { mask, edge }: InfNetTargets,
  options: { readonly variant?: JointLossVariant } = {},
): LossWithParts {
  const parts = {
    edge: edge === undefined ? edgeLoss(maps.lateralEdge, mask) : bceWithLogits(maps.lateralEdge, edge),
    map2: jointLoss(maps.lateralMap2, mask, options),
    map3: jointLoss(maps.lateralMap3, mask, options),
    map4: jointLoss(maps.lateralMap4, mask, options),
    map5: jointLoss(maps.lateralMap5, mask, options),
  };
  return { loss: sumTensors(Object.values(parts)), parts };
}
