/**
 * The receptive-field block of the reference (`RFB_modified`, after Liu et al., arXiv 1711.07767): four branches see a
 * feature map through windows of growing size and spacing, and are joined with a shortcut.
 *
 *     branch 0: 1x1
 *     branch k: 1x1, 1xK, Kx1, 3x3 with dilation K and padding K,   K = 3, 5, 7
 *     y = relu(conv_cat(concat(branches)) + conv_res(x))            3x3 and 1x1
 *
 * There is a batch norm after every convolution and no ReLU before the last (golden quirk 1).
 *
 * Five of the 15 convolutions are 1x1 and read x, which has 16 to 64 times the channels of their results: they are
 * computed as one (`callSideBySide`). In inference their joint result and those of branches 1 to 3 lie in one map,
 *
 *     conv_res | first of branch 1 | of branch 2 | of branch 3 | branch 0 || branch 1 | branch 2 | branch 3
 *
 * whose last four ranges are what conv_cat reads, so nothing is copied to be concatenated.
 */
import { BasicConv2d, callSideBySide } from '@infnet/conv-block';
import { Module, operandAt, Sequential, type Tensor } from '@infnet/core';
import { add, concat, narrow, relu } from '@infnet/nn';

/** [N, inChannels, H, W] to [N, outChannels, H, W]. */
export class ReceptiveFieldBlock extends Module {
  readonly branch0: Sequential;
  readonly branch1: Sequential;
  readonly branch2: Sequential;
  readonly branch3: Sequential;
  readonly conv_cat: BasicConv2d;
  readonly conv_res: BasicConv2d;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.branch0 = new Sequential(new BasicConv2d(inChannels, outChannels, 1));
    this.branch1 = dilatedBranch(inChannels, outChannels, 3);
    this.branch2 = dilatedBranch(inChannels, outChannels, 5);
    this.branch3 = dilatedBranch(inChannels, outChannels, 7);
    this.conv_cat = new BasicConv2d(4 * outChannels, outChannels, 3, { padding: 1 });
    this.conv_res = new BasicConv2d(inChannels, outChannels, 1);
  }

  override forward(x: Tensor): Tensor {
    const branches = [this.branch1, this.branch2, this.branch3].map(layersOf);
    const pointwise = [this.conv_res, ...branches.flatMap((layers) => layers.slice(0, 1)), ...layersOf(this.branch0)];
    const { parts, joint } = callSideBySide(pointwise, x);
    const [shortcut, narrowest] = [operandAt(parts, 0), operandAt(parts, parts.length - 1)];
    const wider = branches.map(([, ...layers], i) =>
      layers.reduce((y, layer) => layer.call(y), operandAt(parts, 1 + i)),
    );
    const channels = shortcut.shape[1] as number;
    const seen =
      joint === undefined
        ? concat([narrowest, ...wider])
        : narrow(concat([joint, ...wider]), 1, 4 * channels, 4 * channels);
    return relu(add(this.conv_cat.call(seen), shortcut));
  }
}

function layersOf(branch: Sequential): readonly BasicConv2d[] {
  return branch.layers as readonly BasicConv2d[];
}

function dilatedBranch(inChannels: number, outChannels: number, size: number): Sequential {
  const half = (size - 1) / 2;
  return new Sequential(
    new BasicConv2d(inChannels, outChannels, 1),
    new BasicConv2d(outChannels, outChannels, [1, size], { padding: [0, half] }),
    new BasicConv2d(outChannels, outChannels, [size, 1], { padding: [half, 0] }),
    new BasicConv2d(outChannels, outChannels, 3, { padding: size, dilation: size }),
  );
}
