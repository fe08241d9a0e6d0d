/**
 * Res2Net-v1b backbones: a stem of three 3x3 convolutions, a max pool, four layers of Res2Net blocks. As the reference
 * of Inf-Net has them (quirk 6), with its state-dict keys.
 */
import { checkNames, Module, Sequential, type Tensor } from '@infnet/core';
import { BatchNorm2d, maxPool2d, ReLU, relu } from '@infnet/nn';
import { Res2NetBlock } from './block.js';
import { UnusedClassifier } from './classifier.js';
import { HeConv2d } from './he-conv2d.js';
import { EXPANSION, optionError, type PerLayer, type Res2NetOptions, res2netFigures } from './options.js';

/** Feature maps of one image batch; H and W are the image's. */
export interface Res2NetFeatures {
  /** [N, 256, H/4, W/4] at width 1. */
  readonly layer1: Tensor;
  /** [N, 512, H/8, W/8]. */
  readonly layer2: Tensor;
  /** [N, 1024, H/16, W/16]. */
  readonly layer3: Tensor;
  /** [N, 2048, H/32, W/32]. */
  readonly layer4: Tensor;
}

/** [N, inputChannels, H, W] to the maps of the four layers. Odd sizes are rounded up at every halving. */
export class Res2Net extends Module<readonly [Tensor], Res2NetFeatures> {
  readonly conv1: Sequential;
  readonly bn1: BatchNorm2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly fc: UnusedClassifier | undefined;
  /** Channels of the four layers' maps. */
  readonly channels: PerLayer;
  /** Image pixels per pixel of the four layers' maps. */
  readonly strides: PerLayer = [4, 8, 16, 32];

  /** @throws InfnetError `MODULE_OPTION`. */
  constructor(options: Res2NetOptions = {}) {
    super();
    checkNames('Res2Net', options, ['depth', 'width', 'baseWidth', 'scale', 'inputChannels', 'classes']);
    const { inputChannels = 3, baseWidth = 26, scale = 4, classes = 1000 } = options;
    if (!Number.isInteger(scale) || scale < 2)
      throw optionError(`scale ${scale} is no ladder`, 'Use an integer of at least 2.');
    const { blocks, stem, planes } = res2netFigures(options);
    const outputs = planes.map((n) => n * EXPANSION) as unknown as PerLayer;
    const layer = (i: 0 | 1 | 2 | 3, stride: number): Sequential => {
      const inputs = i === 0 ? stem[2] : (outputs[i - 1] as number);
      const first = new Res2NetBlock(inputs, planes[i], { stride, type: 'stage', baseWidth, scale });
      const others = Array.from(
        { length: blocks[i] - 1 },
        () => new Res2NetBlock(outputs[i], planes[i], { baseWidth, scale }),
      );
      return new Sequential(first, ...others);
    };
    this.conv1 = stemOf(inputChannels, stem);
    this.bn1 = new BatchNorm2d(stem[2]);
    this.layer1 = layer(0, 1);
    this.layer2 = layer(1, 2);
    this.layer3 = layer(2, 2);
    this.layer4 = layer(3, 2);
    this.fc = classes === 0 ? undefined : new UnusedClassifier(outputs[3], classes);
    this.channels = outputs;
  }

  override forward(image: Tensor): Res2NetFeatures {
    const stem = relu(this.bn1.call(this.conv1.call(image)));
    const layer1 = this.layer1.call(maxPool2d(stem, 3, { stride: 2, padding: 1 }));
    const layer2 = this.layer2.call(layer1);
    const layer3 = this.layer3.call(layer2);
    return { layer1, layer2, layer3, layer4: this.layer4.call(layer3) };
  }
}

/** Three 3x3 convolutions, the first of stride 2; batch norm and relu after the first two. */
function stemOf(inputChannels: number, [a, b, c]: readonly [number, number, number]): Sequential {
  const conv = (from: number, to: number, stride = 1): HeConv2d => new HeConv2d(from, to, 3, { stride, padding: 1 });
  return new Sequential(
    conv(inputChannels, a, 2),
    new BatchNorm2d(a),
    new ReLU(),
    conv(a, b),
    new BatchNorm2d(b),
    new ReLU(),
    conv(b, c),
  );
}

/** Res2Net-50-v1b 26w x 4s, the backbone of the paper. */
export function res2net50(options: Omit<Res2NetOptions, 'depth'> = {}): Res2Net {
  return new Res2Net({ ...options, depth: 50 });
}

/** Res2Net-101-v1b 26w x 4s. */
export function res2net101(options: Omit<Res2NetOptions, 'depth'> = {}): Res2Net {
  return new Res2Net({ ...options, depth: 101 });
}
