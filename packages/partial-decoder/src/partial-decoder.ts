/**
 * The parallel partial decoder (the reference's `aggregation`; Wu et al., CVPR 2019): the three deepest maps are joined
 * into a first, global prediction. Every deeper map is upsampled, convolved, and multiplied into the finer ones.
 *
 *     up     = bilinear x2, align_corners = true (golden quirk 2)
 *     x2'    = conv_upsample1(up x1) * x2
 *     x3'    = conv_upsample2(up up x1) * conv_upsample3(up x2) * x3
 *     j2     = conv_concat2(concat(x2', conv_upsample4(up x1)))
 *     j3     = conv_concat3(concat(x3', conv_upsample5(up j2)))
 *     logits = conv5(conv4(j3))
 *
 * Batch norm follows every convolution but conv5, ReLU none (quirk 1). x1 is upsampled once for both its uses, the
 * products are one pass each, and everything that is concatenated is written where it belongs: see docs/adr/0003.
 */
import { Conv2d } from '@infnet/conv';
import { BasicConv2d } from '@infnet/conv-block';
import { Module, type Tensor } from '@infnet/core';
import { concat, interpolate } from '@infnet/nn';
import { product } from './product.js';

/** Inputs, deepest first: [N, C, h, w], [N, C, 2h, 2w], [N, C, 4h, 4w]. Output: logits [N, 1, 4h, 4w]. */
export class PartialDecoder extends Module<readonly [x1: Tensor, x2: Tensor, x3: Tensor]> {
  readonly conv_upsample1: BasicConv2d;
  readonly conv_upsample2: BasicConv2d;
  readonly conv_upsample3: BasicConv2d;
  readonly conv_upsample4: BasicConv2d;
  readonly conv_upsample5: BasicConv2d;
  readonly conv_concat2: BasicConv2d;
  readonly conv_concat3: BasicConv2d;
  readonly conv4: BasicConv2d;
  readonly conv5: Conv2d;

  /** `channels`: C of all three inputs. */
  constructor(channels: number) {
    super();
    const block = (width: number): BasicConv2d => new BasicConv2d(width, width, 3, { padding: 1 });
    this.conv_upsample1 = block(channels);
    this.conv_upsample2 = block(channels);
    this.conv_upsample3 = block(channels);
    this.conv_upsample4 = block(channels);
    this.conv_upsample5 = block(2 * channels);
    this.conv_concat2 = block(2 * channels);
    this.conv_concat3 = block(3 * channels);
    this.conv4 = block(3 * channels);
    this.conv5 = new Conv2d(3 * channels, 1, 1);
  }

  override forward(x1: Tensor, x2: Tensor, x3: Tensor): Tensor {
    const up1 = upsample(x1);
    const middle = product([this.conv_upsample1.call(up1), x2]);
    const fine = product([this.conv_upsample2.call(upsample(up1)), this.conv_upsample3.call(upsample(x2)), x3]);
    const joined2 = this.conv_concat2.call(concat([middle, this.conv_upsample4.call(up1)]));
    const joined3 = this.conv_concat3.call(concat([fine, this.conv_upsample5.call(upsample(joined2))]));
    return this.conv5.call(this.conv4.call(joined3));
  }
}

function upsample(x: Tensor): Tensor {
  return interpolate(x, { scaleFactor: 2, alignCorners: true });
}
