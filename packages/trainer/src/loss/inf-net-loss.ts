/** The loss that Inf-Net is trained with: its five supervised maps compared with the mask and its edge. */
import { checkNames, checkOptions, sumTensors, type Tensor } from '@infnet/core';
import { edgeLoss } from '@infnet/edge-attention';
import { bceWithLogits } from './bce.js';
import { diceLoss } from './dice-loss.js';
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
 * `as-released`, `paper`: the joint loss, see there. `dice`: mean cross entropy and soft Dice, which does not weigh
 * borders; the joint loss prefers too large a lesion to one that is too small.
 */
export type InfNetLossVariant = JointLossVariant | 'dice';

/**
 * The sum of the plain cross entropy of the edge map and of the loss of the four lesion maps, by default the joint
 * loss, all coefficients 1 (quirk 11). Parts: `edge`, `map2`, `map3`, `map4`, `map5`.
 */
export function infNetLoss(
  maps: SupervisedMaps,
  targets: InfNetTargets,
  options: { readonly variant?: InfNetLossVariant } = {},
): LossWithParts {
  checkNames('infNetLoss', targets, ['mask', 'edge'], 'target');
  checkOptions('infNetLoss', options, { 'variant?': ['as-released', 'paper', 'dice'] });
  const { mask, edge } = targets;
  const { variant = 'as-released' } = options;
  const mapLoss = (logits: Tensor): Tensor =>
    variant === 'dice'
      ? sumTensors([bceWithLogits(logits, mask), diceLoss(logits, mask)])
      : jointLoss(logits, mask, { variant });
  const parts = {
    edge: edge === undefined ? edgeLoss(maps.lateralEdge, mask) : bceWithLogits(maps.lateralEdge, edge),
    map2: mapLoss(maps.lateralMap2),
    map3: mapLoss(maps.lateralMap3),
    map4: mapLoss(maps.lateralMap4),
    map5: mapLoss(maps.lateralMap5),
  };
  return { loss: sumTensors(Object.values(parts)), parts };
}
