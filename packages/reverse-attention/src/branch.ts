/**
 * A reverse-attention branch (paper section III-D; golden quirks 1, 2 and 4): it looks at a backbone's feature map
 * where the prediction so far found nothing, and adds what it finds.
 *
 *     crop    = resize(previous logits, size of the features)
 *     hidden  = conv1(features * (1 - sigmoid(crop)))              1x1
 *     hidden  = relu(conv(concat(hidden, resize(edge guidance))))  then one or two more relu(conv)
 *     logits  = side(hidden) + crop                                 handed to the next branch
 *     lateral = resize(logits, full size)
 *
 * The weight is one number per pixel and conv1 is 1x1 without bias, so the two commute: conv1(w x) = w conv1(x). The
 * branch weights the *result* of the convolution, which has 256 or 64 channels where the features have 2048, 1024 or
 * 512; forward and backward this is 8 to 16 times less memory to move. The crop is never stored: weighting resizes the
 * logits as it reads them, and so does the sum at the end.
 */
import { BasicConv2d } from '@infnet/conv-block';
import { checkNames, graphOf, Module, type Tensor } from '@infnet/core';
import { concat, interpolate, relu } from '@infnet/nn';
import { addResized } from './add-resized.js';
import { reverseAttention } from './reverse-attention.js';

export interface ReverseAttentionBranchOptions {
  /** Number in the names of the layers: 4, 3, 2 for strides 32, 16, 8 of the image. */
  readonly level: number;
  /** Channels of the backbone's feature map. */
  readonly inChannels: number;
  /** Channels of the hidden maps. Default 256 at level 4, else 64. */
  readonly channels?: number;
  /** Channels of the edge guidance. Default 64. */
  readonly edgeChannels?: number;
  /** Hidden convolutions after the first. Default 3 at level 4, else 2. */
  readonly depth?: number;
  /** Kernel of the hidden convolutions. Default 5 at level 4, else 3. */
  readonly kernelSize?: number;
  /** Kernel of the side output. Default 1 at level 4, else 3. */
  readonly sideKernelSize?: number;
  /** Full size divided by the size of the features. Default 2 ** (level + 1). */
  readonly scale?: number;
}

export interface ReverseAttentionResult {
  /** [N, 1, h, w]: the summed logits, for the next branch. */
  readonly logits: Tensor;
  /** [N, 1, scale * h, scale * w]: the same at full size. */
  readonly lateral: Tensor;
}

/**
 * Inputs: features [N, inChannels, h, w]; previous logits [N, 1, any size]; edge guidance [N, edgeChannels, any size].
 */
export class ReverseAttentionBranch extends Module<
  readonly [features: Tensor, previous: Tensor, edge: Tensor],
  ReverseAttentionResult
> {
  readonly #name: string;
  readonly #scale: number;
  readonly #layers: readonly BasicConv2d[];

  constructor(options: ReverseAttentionBranchOptions) {
    super();
    const own = ['level', 'inChannels', 'channels', 'edgeChannels', 'depth', 'kernelSize', 'sideKernelSize', 'scale'];
    checkNames('ReverseAttentionBranch', options, own);
    const { level, inChannels, edgeChannels = 64 } = options;
    const deepest = level === 4;
    const { channels = deepest ? 256 : 64, depth = deepest ? 3 : 2, scale = 2 ** (level + 1) } = options;
    const { kernelSize = deepest ? 5 : 3, sideKernelSize = deepest ? 1 : 3 } = options;
    const same = (from: number, to: number, kernel: number): BasicConv2d =>
      new BasicConv2d(from, to, kernel, { padding: (kernel - 1) / 2 });
    const hidden = Array.from({ length: depth }, (_, i) =>
      same(i === 0 ? channels + edgeChannels : channels, channels, kernelSize),
    );
    this.#name = `ra${level}`;
    this.#scale = scale;
    this.#layers = [same(inChannels, channels, 1), ...hidden, same(channels, 1, sideKernelSize)];
    Object.assign(this, this.layers);
  }

  /**
   * The layers by the reference's names: `ra4_conv1`, ... They are properties of the branch. The reference keeps them
   * at the root of the net; a net that wants the same keys takes them over with `Object.assign(this, branch.layers)`,
   * keeps the branch itself in a private field (which no walk sees) and uses `branch.forward(...)`.
   */
  get layers(): Readonly<Record<string, BasicConv2d>> {
    return Object.fromEntries(this.#layers.map((layer, i) => [`${this.#name}_conv${i + 1}`, layer]));
  }

  override forward(features: Tensor, previous: Tensor, edge: Tensor): ReverseAttentionResult {
    const graph = graphOf([features, previous, edge], this.#name);
    const scope = graph.scope === '' ? this.#name : `${graph.scope}.${this.#name}`;
    return graph.within(scope, () => {
      const [first, ...hidden] = this.#layers.slice(0, -1) as [BasicConv2d, ...BasicConv2d[]];
      const side = this.#layers.at(-1) as BasicConv2d;
      const [, , height, width] = features.shape as [number, number, number, number];
      const weighted = first.bn.call(reverseAttention(first.conv.call(features), previous));
      const joined = concat([weighted, interpolate(edge, { size: [height, width] })]);
      const found = hidden.reduce((x, layer) => relu(layer.call(x)), joined);
      const logits = addResized(side.call(found), previous);
      return { logits, lateral: interpolate(logits, { scaleFactor: this.#scale }) };
    });
  }
}
