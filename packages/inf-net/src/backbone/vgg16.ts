/**
 * VGG-16 as Inf-Net's variant has it (quirk 8): average instead of maximum pools, no batch norm, and a second copy of
 * the last two stages (`conv4_2`, `conv5_2`) that the checkpoint has and no forward uses.
 */
import { Conv2d } from '@infnet/conv';
import { Module, Parameter, type Tensor } from '@infnet/core';
import { avgPool2d, relu } from '@infnet/nn';
import { Backbone, type Features, type PerLevel, widen } from './backbone.js';

/**
 * A 3x3 convolution with He's first weights and no bias at first. The reference never trains this backbone from
 * scratch, so it has none of its own to follow; with PyTorch's default thirteen layers without batch norm would begin
 * with maps of almost nothing.
 */
class VggConv2d extends Conv2d {
  override readonly weight: Parameter;
  override readonly bias: Parameter;

  constructor(inChannels: number, outChannels: number) {
    super(inChannels, outChannels, 3, { padding: 1 });
    const init = { kind: 'kaimingNormalFanOut', fanOut: outChannels * 9 } as const;
    this.weight = new Parameter([outChannels, inChannels, 3, 3], { init });
    this.bias = new Parameter([outChannels], { init: { kind: 'constant', value: 0 } });
  }
}

/** Convolutions 3x3 with relu, under names of their own, after a 2x2 average pool (but for the first stage). */
class VggStage extends Module {
  readonly #convs: Conv2d[] = [];
  readonly #pool: boolean;

  constructor(pool: boolean, convs: Readonly<Record<string, Conv2d>>) {
    super();
    this.#pool = pool;
    for (const [name, conv] of Object.entries(convs)) {
      // The names are the state dict's, which a walk over the properties reads.
      Object.defineProperty(this, name, { value: conv, enumerable: true });
      this.#convs.push(conv);
    }
  }

  override forward(x: Tensor): Tensor {
    return this.#convs.reduce((y, conv) => relu(conv.call(y)), this.#pool ? avgPool2d(x, 2) : x);
  }
}

/** A convolution that is named and counted, and neither computed nor stored on the GPU. */
class UnusedConv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(inputChannels: number, outputChannels: number) {
    super();
    const init = { kind: 'uniformFanIn', fanIn: inputChannels * 9 } as const;
    this.weight = new Parameter([outputChannels, inputChannels, 3, 3], { init, unused: true });
    this.bias = new Parameter([outputChannels], { init, unused: true });
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

class UnusedStage extends Module {
  constructor(convs: Readonly<Record<string, UnusedConv2d>>) {
    super();
    for (const [name, value] of Object.entries(convs)) Object.defineProperty(this, name, { value, enumerable: true });
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

/** [N, inputChannels, H, W] to maps of H/2, H/4, H/8 and H/16. */
export class VGG16 extends Backbone {
  readonly conv1: Module;
  readonly conv2: Module;
  readonly conv3: Module;
  readonly conv4_1: Module;
  readonly conv5_1: Module;
  readonly conv4_2: Module;
  readonly conv5_2: Module;
  override readonly channels: PerLevel;
  override readonly stride = 2;

  constructor({ inputChannels = 3, width = 1 }: { readonly inputChannels?: number; readonly width?: number } = {}) {
    super();
    const [a, b, c, d] = [64, 128, 256, 512].map((n) => widen(n, width)) as unknown as PerLevel;
    const conv = (from: number, to: number): Conv2d => new VggConv2d(from, to);
    const spare = (from: number, to: number): UnusedConv2d => new UnusedConv2d(from, to);
    this.conv1 = new VggStage(false, { conv1_1: conv(inputChannels, a), conv1_2: conv(a, a) });
    this.conv2 = new VggStage(true, { conv2_1: conv(a, b), conv2_2: conv(b, b) });
    this.conv3 = new VggStage(true, { conv3_1: conv(b, c), conv3_2: conv(c, c), conv3_3: conv(c, c) });
    this.conv4_1 = new VggStage(true, { conv4_1_1: conv(c, d), conv4_2_1: conv(d, d), conv4_3_1: conv(d, d) });
    this.conv5_1 = new VggStage(true, { conv5_1_1: conv(d, d), conv5_2_1: conv(d, d), conv5_3_1: conv(d, d) });
    this.conv4_2 = new UnusedStage({ conv4_1_2: spare(c, d), conv4_2_2: spare(d, d), conv4_3_2: spare(d, d) });
    this.conv5_2 = new UnusedStage({ conv5_1_2: spare(d, d), conv5_2_2: spare(d, d), conv5_3_2: spare(d, d) });
    this.channels = [b, c, d, d];
  }

  override forward(image: Tensor): Features {
    const half = this.conv2.call(this.conv1.call(image));
    const quarter = this.conv3.call(half);
    const eighth = this.conv4_1.call(quarter);
    return [half, quarter, eighth, this.conv5_1.call(eighth)];
  }
}
