/**
 * Several 1x1 blocks that read one map, computed as one convolution with all their output channels: the map is read
 * once instead of once per block, and backward its gradient is one convolution instead of one per block and their sum.
 *
 * In inference the batch norms are joined as well, so that the planner folds them into the joint convolution; the joint
 * weights follow from parameters alone and are computed once. In training (of any of the batch norms) each sees its own
 * channel range, because each has running statistics of its own.
 */
import { conv2d } from '@infnet/conv';
import { InfnetError, type Parameter, type Tensor } from '@infnet/core';
import { type BatchNorm2d, batchNorm2d, split } from '@infnet/nn';
import type { BasicConv2d } from './basic-conv2d.js';
import { stack } from './stack.js';

export interface SideBySide {
  /** Results of the blocks, in their order. */
  readonly parts: readonly Tensor[];
  /** In inference: one tensor of which the parts are consecutive channel ranges. */
  readonly joint: Tensor | undefined;
}

/**
 * Applies 1x1 blocks (stride 1, no padding) to one map; at most 7. x: [N, C, H, W].
 *
 * @throws InfnetError `MODULE_OPTION` for a block that is not 1x1, `SHAPE_...` as `conv2d`.
 */
export function callSideBySide(blocks: readonly BasicConv2d[], x: Tensor): SideBySide {
  for (const block of blocks) assertPointwise(block);
  const of = (parameter: (block: BasicConv2d) => Parameter): Tensor =>
    stack(blocks.map((block) => x.graph.parameter(parameter(block))));
  const norms = blocks.map((block) => block.bn) as [BatchNorm2d, ...BatchNorm2d[]];
  const sizes = blocks.map((block) => block.conv.weight.shape[0] as number);
  const y = conv2d(
    x,
    of((block) => block.conv.weight),
  );
  const { options } = norms[0];
  if (norms.some(({ training, options: { eps } }) => training || eps !== options.eps)) {
    return { parts: split(y, sizes).map((part, i) => (norms[i] as BatchNorm2d).call(part)), joint: undefined };
  }
  const joint = batchNorm2d(
    y,
    of(({ bn }) => bn.weight),
    of(({ bn }) => bn.bias),
    of(({ bn }) => bn.running_mean),
    of(({ bn }) => bn.running_var),
    options,
  );
  return { parts: split(joint, sizes), joint };
}

function assertPointwise({ conv, path }: BasicConv2d): void {
  const kernel = conv.weight.shape.slice(2);
  if (kernel.every((size) => size === 1)) return;
  throw new InfnetError({
    code: 'MODULE_OPTION',
    message: `blocks side by side must be 1x1, this one is ${kernel.join('x')}`,
    where: path,
    fix: 'Call the block by itself.',
  });
}
