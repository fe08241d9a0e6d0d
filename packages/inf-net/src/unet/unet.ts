/**
 * The multi-class U-Net of Semi-Inf-Net's second stage: it takes the image and Inf-Net's map (three channels each) and
 * gives logits of ground-glass, consolidation and background (quirks 9, 24-28). A plain U-Net with bilinear
 * enlargement.
 */
import { Conv2d } from '@infnet/conv';
import { checkNames, InfnetError, Module, type Tensor } from '@infnet/core';
import { DoubleConv } from './double-conv.js';
import { Down } from './down.js';
import { Up } from './up.js';

export interface UNetOptions {
  /** Default 6: an image and a prior map of three channels each. */
  readonly inputChannels?: number;
  /** Default 3. */
  readonly outputChannels?: number;
  /** Multiplies the channels of every layer, for reduced nets. Default 1, the reference (64 to 512 channels). */
  readonly width?: number;
}

/** [N, inputChannels, H, W] to logits [N, outputChannels, H, W]. Any size from 16 on; odd sizes are padded inside. */
export class UNet extends Module {
  readonly inc: DoubleConv;
  readonly down1: Down;
  readonly down2: Down;
  readonly down3: Down;
  readonly down4: Down;
  readonly up1: Up;
  readonly up2: Up;
  readonly up3: Up;
  readonly up4: Up;
  readonly outc: OutConv;

  constructor(options: UNetOptions = {}) {
    super();
    checkNames('UNet', options, ['inputChannels', 'outputChannels', 'width']);
    const { inputChannels = 6, outputChannels = 3, width = 1 } = options;
    const [a, b, c, d] = [64, 128, 256, 512].map((n) => Math.max(1, Math.round(n * width))) as [
      number,
      number,
      number,
      number,
    ];
    this.inc = new DoubleConv(inputChannels, a);
    this.down1 = new Down(a, b);
    this.down2 = new Down(b, c);
    this.down3 = new Down(c, d);
    this.down4 = new Down(d, d);
    this.up1 = new Up(d + d, c);
    this.up2 = new Up(c + c, b);
    this.up3 = new Up(b + b, a);
    this.up4 = new Up(a + a, a);
    this.outc = new OutConv(a, outputChannels);
  }

  override forward(x: Tensor): Tensor {
    assertSize(x, this.path);
    const x1 = this.inc.call(x);
    const x2 = this.down1.call(x1);
    const x3 = this.down2.call(x2);
    const x4 = this.down3.call(x3);
    let y = this.up1.call(this.down4.call(x4), x4);
    y = this.up2.call(y, x3);
    y = this.up3.call(y, x2);
    return this.outc.call(this.up4.call(y, x1));
  }
}

/** The 1x1 convolution to logits. */
export class OutConv extends Module {
  readonly conv: Conv2d;

  constructor(inputChannels: number, outputChannels: number) {
    super();
    this.conv = new Conv2d(inputChannels, outputChannels, 1);
  }

  override forward(x: Tensor): Tensor {
    return this.conv.call(x);
  }
}

function assertSize(x: Tensor, path: string): void {
  const [, , height = 0, width = 0] = x.shape;
  if (x.shape.length !== 4 || Math.min(height, width) >= 16) return;
  throw new InfnetError({
    code: 'SHAPE_TOO_SMALL',
    message: `an image of ${height} x ${width} pixels is halved four times and would vanish`,
    where: path === '' ? 'UNet' : path,
    fix: 'Use at least 16 x 16 pixels.',
  });
}
