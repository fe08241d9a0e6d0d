/**
 * ResNet-50 as Inf-Net's variant has it: a 7x7 stem, bottlenecks with the stride in the 3x3 convolution, no classifier
 * (quirk 8).
 */
import { Module, Sequential, type Tensor } from '@infnet/core';
import { add, BatchNorm2d, maxPool2d, relu } from '@infnet/nn';
import { HeConv2d } from '@infnet/res2net';
import { Backbone, type Features, type PerLevel, widen } from './backbone.js';

const EXPANSION = 4;
/**
 * 1x1, 3x3 and 1x1 convolutions beside a shortcut. [N, inputChannels, H, W] to [N, 4 planes, H / stride, W / stride].
 */
export class Bottleneck extends Module {
  readonly conv1: HeConv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: HeConv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: HeConv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | undefined;

  constructor(inputChannels: number, planes: number, stride = 1) {
    super();
    const outputChannels = planes * EXPANSION;
    this.conv1 = new HeConv2d(inputChannels, planes, 1);
    this.bn1 = new BatchNorm2d(planes);
    this.conv2 = new HeConv2d(planes, planes, 3, { stride, padding: 1 });
    this.bn2 = new BatchNorm2d(planes);
    this.conv3 = new HeConv2d(planes, outputChannels, 1);
    this.bn3 = new BatchNorm2d(outputChannels);
    if (stride !== 1 || inputChannels !== outputChannels) {
      const conv = new HeConv2d(inputChannels, outputChannels, 1, { stride });
      this.downsample = new Sequential(conv, new BatchNorm2d(outputChannels));
    }
  }

  override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    y = relu(this.bn2.call(this.conv2.call(y)));
    y = this.bn3.call(this.conv3.call(y));
    return relu(add(y, this.downsample === undefined ? x : this.downsample.call(x)));
  }
}

/** [N, inputChannels, H, W] to maps of H/4, H/8, H/16 and H/32. */
export class ResNet50 extends Backbone {
  readonly conv1: HeConv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  override readonly channels: PerLevel;
  override readonly stride = 4;

  constructor({ inputChannels = 3, width = 1 }: { readonly inputChannels?: number; readonly width?: number } = {}) {
    super();
    const planes = [64, 128, 256, 512].map((n) => widen(n, width)) as unknown as PerLevel;
    const outputs = planes.map((n) => n * EXPANSION) as unknown as PerLevel;
    const stem = planes[0];
    const layer = (i: 0 | 1 | 2 | 3, blocks: number, stride: number): Sequential => {
      const first = new Bottleneck(i === 0 ? stem : (outputs[i - 1] as number), planes[i], stride);
      return new Sequential(first, ...Array.from({ length: blocks - 1 }, () => new Bottleneck(outputs[i], planes[i])));
    };
    this.conv1 = new HeConv2d(inputChannels, stem, 7, { stride: 2, padding: 3 });
    this.bn1 = new BatchNorm2d(stem);
    this.layer1 = layer(0, 3, 1);
    this.layer2 = layer(1, 4, 2);
    this.layer3 = layer(2, 6, 2);
    this.layer4 = layer(3, 3, 2);
    this.channels = outputs;
  }

  override forward(image: Tensor): Features {
    const stem = relu(this.bn1.call(this.conv1.call(image)));
    const layer1 = this.layer1.call(maxPool2d(stem, 3, { stride: 2, padding: 1 }));
    const layer2 = this.layer2.call(layer1);
    const layer3 = this.layer3.call(layer2);
    return [layer1, layer2, layer3, this.layer4.call(layer3)];
  }
}
