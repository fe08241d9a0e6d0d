/**
 * Inf-Net (Fan et al., "Inf-Net: Automatic COVID-19 Lung Infection Segmentation from CT Images", IEEE TMI 2020, arXiv
 * 2004.14133), as its released code computes it (golden quirks 1 to 8).
 *
 *     x1, x2, x3, x4   = backbone(image)                        four levels, each half as large as the one before
 *     guidance, edge   = edge branch(x1)
 *     global           = partial decoder(rfb(x4), rfb(x3), rfb(x2))       a first map, at the size of x2
 *     s4               = reverse attention(x4, global, guidance)
 *     s3               = reverse attention(x3, s4, guidance)
 *     s2               = reverse attention(x2, s3, guidance)
 *
 * All maps are logits, resized to the size of the image. The prediction is `lateralMap2`; training supervises all five.
 */
import { InfnetError, Module, type Tensor } from '@infnet/core';
import { EdgeBranch } from '@infnet/edge-attention';
import { interpolate } from '@infnet/nn';
import { PartialDecoder, ReceptiveFieldBlock } from '@infnet/partial-decoder';
import { ReverseAttentionBranch } from '@infnet/reverse-attention';
import { widen } from './backbone/backbone.js';
import { BACKBONE_TABLE, type MadeBackbone } from './backbone/table.js';
import { checkedOptions, type InfNetOptions } from './options.js';

/** Logits [N, 1, H, W], all of the image's size, in the order in which the reference returns them. */
export interface InfNetOutputs extends Readonly<Record<string, Tensor>> {
  /** The partial decoder's global map. */
  readonly lateralMap5: Tensor;
  readonly lateralMap4: Tensor;
  readonly lateralMap3: Tensor;
  /** The prediction. */
  readonly lateralMap2: Tensor;
  readonly lateralEdge: Tensor;
}

/** [N, inputChannels, H, W] to five maps. H and W must be multiples of {@link InfNet.sizeMultiple}. */
export class InfNet extends Module<readonly [image: Tensor], InfNetOutputs> {
  // Properties are named and ordered as the reference's state dict. The backbone is one of the first two, or has a name
  // of its own.
  readonly resnet: Module | undefined;
  readonly vgg: Module | undefined;
  readonly rfb2_1: ReceptiveFieldBlock;
  readonly rfb3_1: ReceptiveFieldBlock;
  readonly rfb4_1: ReceptiveFieldBlock;
  readonly ParDec: PartialDecoder;
  readonly #backbone: MadeBackbone;
  readonly #reverse4: ReverseAttentionBranch;
  readonly #reverse3: ReverseAttentionBranch;
  readonly #reverse2: ReverseAttentionBranch;
  readonly #edge: EdgeBranch;

  /** @throws InfnetError `MODULE_OPTION`. */
  constructor(options: InfNetOptions = {}) {
    super();
    const { backbone: name, channels, width, inputChannels } = checkedOptions(options);
    const { attribute, make } = BACKBONE_TABLE[name];
    const backbone = make({ width, inputChannels });
    const [level1, level2, level3, level4] = backbone.channels;
    const edgeChannels = widen(64, width);
    const branch = (level: number, inChannels: number, hidden: number): ReverseAttentionBranch => {
      const scale = backbone.stride * 2 ** (level - 1);
      return new ReverseAttentionBranch({ level, inChannels, channels: widen(hidden, width), edgeChannels, scale });
    };
    this.#backbone = backbone;
    Object.assign(this, { [attribute]: backbone.module });
    this.rfb2_1 = new ReceptiveFieldBlock(level2, channels);
    this.rfb3_1 = new ReceptiveFieldBlock(level3, channels);
    this.rfb4_1 = new ReceptiveFieldBlock(level4, channels);
    this.ParDec = new PartialDecoder(channels);
    this.#reverse4 = branch(4, level4, 256);
    this.#reverse3 = branch(3, level3, 64);
    this.#reverse2 = branch(2, level2, 64);
    this.#edge = new EdgeBranch(level1, { channels: edgeChannels, scale: backbone.stride });
    // The reference keeps the branches' layers at the root: `ra4_conv1`, ..., `edge_conv4`.
    Object.assign(this, this.#reverse4.layers, this.#reverse3.layers, this.#reverse2.layers, this.#edge.layers);
  }

  /** Image heights and widths must be multiples of this: 32, for VGG-16 16. */
  get sizeMultiple(): number {
    return this.#backbone.stride * 8;
  }

  /** @throws InfnetError `SHAPE_MULTIPLE`. */
  override forward(image: Tensor): InfNetOutputs {
    this.#assertSize(image);
    const [x1, x2, x3, x4] = this.#backbone.features(image);
    const decoded = [this.rfb4_1.call(x4), this.rfb3_1.call(x3), this.rfb2_1.call(x2)] as const;
    const { guidance, lateral: lateralEdge } = this.#edge.forward(x1);
    const global = this.ParDec.call(...decoded);
    const map4 = this.#reverse4.forward(x4, global, guidance);
    const map3 = this.#reverse3.forward(x3, map4.logits, guidance);
    const map2 = this.#reverse2.forward(x2, map3.logits, guidance);
    return {
      lateralMap5: interpolate(global, { scaleFactor: this.#backbone.stride * 2 }),
      lateralMap4: map4.lateral,
      lateralMap3: map3.lateral,
      lateralMap2: map2.lateral,
      lateralEdge,
    };
  }

  /** The decoder joins maps of exactly 2:1, so that every level must divide evenly (quirk 3). */
  #assertSize(image: Tensor): void {
    const [, , height = 0, width = 0] = image.shape;
    const multiple = this.sizeMultiple;
    if (image.shape.length !== 4 || (height % multiple === 0 && width % multiple === 0)) return;
    const fit = (size: number): number => Math.max(multiple, Math.round(size / multiple) * multiple);
    throw new InfnetError({
      code: 'SHAPE_MULTIPLE',
      message: `the image has ${height} x ${width} pixels; heights and widths must be multiples of ${multiple}`,
      where: this.path === '' ? 'InfNet' : this.path,
      fix: `Resize it, e.g. to ${fit(height)} x ${fit(width)}; the reference uses 352 x 352.`,
      details: { height, width, multiple },
    });
  }
}
