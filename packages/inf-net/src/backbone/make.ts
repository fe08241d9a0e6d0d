import type { Tensor } from '@infnet/core';
import { Res2Net } from '@infnet/res2net';
import type { InfNetOptions } from '../options.js';
import type { Features, PerLevel } from './backbone.js';
import { ResNet50 } from './resnet50.js';
import { VGG16 } from './vgg16.js';

/** A backbone with the name that the state dict gives it, and the way to its maps. */
export interface NamedBackbone {
  readonly resnet: Res2Net | ResNet50 | undefined;
  readonly vgg: VGG16 | undefined;
  readonly channels: PerLevel;
  /** Image pixels per pixel of the finest map. */
  readonly stride: number;
  features(image: Tensor): Features;
}

/** The backbone called `backbone`; the reference keeps all but VGG-16 under the name `resnet`. */
export function makeBackbone({ backbone, width, inputChannels }: Required<InfNetOptions>): NamedBackbone {
  if (backbone === 'vgg16') {
    const vgg = new VGG16({ width, inputChannels });
    return { resnet: undefined, vgg, channels: vgg.channels, stride: vgg.stride, features: (image) => vgg.call(image) };
  }
  if (backbone === 'resnet50') {
    const resnet = new ResNet50({ width, inputChannels });
    return {
      resnet,
      vgg: undefined,
      channels: resnet.channels,
      stride: resnet.stride,
      features: (image) => resnet.call(image),
    };
  }
  const resnet = new Res2Net({ depth: backbone === 'res2net50' ? 50 : 101, width, inputChannels });
  const features = (image: Tensor): Features => {
    const { layer1, layer2, layer3, layer4 } = resnet.call(image);
    return [layer1, layer2, layer3, layer4];
  };
  return { resnet, vgg: undefined, channels: resnet.channels, stride: resnet.strides[0], features };
}
