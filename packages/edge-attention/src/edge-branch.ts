/**
 * The edge branch (paper section III-C): it finds lesion borders in the backbone's finest map, and its features guide
 * the reverse-attention branches.
 *
 *     guidance = edge_conv3(edge_conv2(edge_conv1(x)))     1x1, 3x3, 3x3
 *     lateral  = resize(edge_conv4(guidance), full size)   3x3 to one channel; bilinear, align_corners = false
 *
 * Batch norm follows every convolution, ReLU none (golden quirk 1).
 */
import { BasicConv2d } from '@infnet/conv-block';
import { checkNames, Module, type Tensor } from '@infnet/core';
import { interpolate } from '@infnet/nn';

export interface EdgeBranchOptions {
  /** Channels of the guidance. Default 64. */
  readonly channels?: number;
  /** Full size divided by the size of x. Default 4. */
  readonly scale?: number;
}

export interface EdgeBranchResult {
  /** [N, channels, h, w], for the reverse-attention branches. */
  readonly guidance: Tensor;
  /** [N, 1, scale * h, scale * w]: logits of the edge map. */
  readonly lateral: Tensor;
}

/** Input: [N, inChannels, h, w], the backbone's finest map. */
export class EdgeBranch extends Module<readonly [x: Tensor], EdgeBranchResult> {
  readonly edge_conv1: BasicConv2d;
  readonly edge_conv2: BasicConv2d;
  readonly edge_conv3: BasicConv2d;
  readonly edge_conv4: BasicConv2d;
  readonly #scale: number;

  constructor(inChannels: number, options: EdgeBranchOptions = {}) {
    super();
    checkNames('EdgeBranch', options, ['channels', 'scale']);
    const { channels = 64, scale = 4 } = options;
    this.#scale = scale;
    this.edge_conv1 = new BasicConv2d(inChannels, channels, 1);
    this.edge_conv2 = new BasicConv2d(channels, channels, 3, { padding: 1 });
    this.edge_conv3 = new BasicConv2d(channels, channels, 3, { padding: 1 });
    this.edge_conv4 = new BasicConv2d(channels, 1, 3, { padding: 1 });
  }

  /**
   * The layers by the reference's names. They are properties of the branch; the reference keeps them at the root of the
   * net. A net that wants the same keys takes them over with `Object.assign(this, branch.layers)`, keeps the branch
   * itself in a private field (which no walk sees) and uses `branch.forward(x)`.
   */
  get layers(): Readonly<Record<string, BasicConv2d>> {
    const { edge_conv1, edge_conv2, edge_conv3, edge_conv4 } = this;
    return { edge_conv1, edge_conv2, edge_conv3, edge_conv4 };
  }

  override forward(x: Tensor): EdgeBranchResult {
    const guidance = this.edge_conv3.call(this.edge_conv2.call(this.edge_conv1.call(x)));
    const logits = this.edge_conv4.call(guidance);
    const lateral = x.graph.within(this.edge_conv4.path, () => interpolate(logits, { scaleFactor: this.#scale }));
    return { guidance, lateral };
  }
}
