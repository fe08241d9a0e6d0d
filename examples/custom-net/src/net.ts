/**
 * A net of one's own: a Res2Net stage, a decoder like U-Net's, and reverse attention that sharpens its first guess.
 *
 * [N, 1, H, W] -> logits, coarse [N, 1, H, W] and final [N, classes, H, W]; H and W multiples of 4.
 */
import { Conv2d } from '@infnet/conv';
import { BasicConv2d } from '@infnet/conv-block';
import { Module, Sequential, type Tensor } from '@infnet/core';
import { add, concat, interpolate, relu } from '@infnet/nn';
import { Res2NetBlock } from '@infnet/res2net';
import { reverseAttention } from '@infnet/reverse-attention';

/** Doubles the coarser map, joins the finer one to it, and mixes both. */
class Up extends Module<readonly [coarse: Tensor, fine: Tensor]> {
  readonly mix: BasicConv2d;

  constructor(coarseChannels: number, fineChannels: number, channels: number) {
    super();
    this.mix = new BasicConv2d(coarseChannels + fineChannels, channels, 3, { padding: 1 });
  }

  override forward(coarse: Tensor, fine: Tensor): Tensor {
    const larger = interpolate(coarse, { scaleFactor: 2, alignCorners: true });
    return relu(this.mix.call(concat([larger, fine])));
  }
}

export class CustomNet extends Module<readonly [Tensor], { readonly coarse: Tensor; readonly final: Tensor }> {
  readonly stem: BasicConv2d;
  readonly stage: Sequential;
  readonly up: Up;
  readonly guess: Conv2d;
  readonly refine: BasicConv2d;
  readonly correction: Conv2d;

  /** `width`: channels of the stem, a multiple of 8. Of several classes the first guess says where to look again. */
  constructor(width = 16, classes = 1) {
    super();
    this.stem = new BasicConv2d(1, width, 3, { stride: 2, padding: 1 });
    // 4 * planes channels come out; 26 / 64 of the planes is the width of a split.
    const planes = 2 * width;
    this.stage = new Sequential(
      new Res2NetBlock(width, planes, { type: 'stage', stride: 2 }),
      new Res2NetBlock(4 * planes, planes),
    );
    this.up = new Up(4 * planes, width, 2 * width);
    this.guess = new Conv2d(2 * width, 1, 1);
    this.refine = new BasicConv2d(2 * width, width, 3, { padding: 1 });
    this.correction = new Conv2d(width, classes, 3, { padding: 1 });
  }

  override forward(image: Tensor): { readonly coarse: Tensor; readonly final: Tensor } {
    const shallow = relu(this.stem.call(image));
    const features = this.up.call(this.stage.call(shallow), shallow);
    const coarse = this.guess.call(features);
    // What the first guess calls background gets a second look.
    const missed = relu(this.refine.call(reverseAttention(features, coarse)));
    const correction = this.correction.call(missed);
    const sharper = correction.shape[1] === 1 ? add(coarse, correction) : correction;
    const size = { size: image.shape.slice(2) as [number, number] };
    return { coarse: interpolate(coarse, size), final: interpolate(sharper, size) };
  }
}
