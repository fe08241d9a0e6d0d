/**
 * Every backbone of Inf-Net, with all that is known of it. A new one is a file with its module and an entry here:
 * options of commands, recognition of checkpoints and the advice of errors follow. (What its ImageNet weights are
 * called elsewhere stands in `pretrained.ts`.)
 */
import type { Module, Tensor } from '@infnet/core';
import { Res2Net } from '@infnet/res2net';
import type { Backbone, Features, NamedShapes, PerLevel } from './backbone.js';
import { ResNet50 } from './resnet50.js';
import { VGG16 } from './vgg16.js';

export type BackboneName = 'res2net50' | 'res2net101' | 'resnet50' | 'vgg16';

/** In the order in which help lists them. */
export const BACKBONES: readonly BackboneName[] = ['res2net50', 'res2net101', 'resnet50', 'vgg16'];

/** The paper's. */
export const DEFAULT_BACKBONE: BackboneName = 'res2net50';

export interface BackboneOptions {
  readonly width: number;
  readonly inputChannels: number;
}

/** A backbone's module, and the way to its maps. */
export interface MadeBackbone {
  readonly module: Module<readonly [Tensor], unknown>;
  readonly channels: PerLevel;
  /** Image pixels per pixel of the finest map. */
  readonly stride: number;
  features(image: Tensor): Features;
}

export interface BackboneEntry {
  /** For people. */
  readonly title: string;
  /** Name of the module in the net's state dict. */
  readonly attribute: string;
  /** A key that checkpoints of it have, by which they are found behind a prefix. */
  readonly signature: string;
  /** Whether a checkpoint of Inf-Net is of it, by the keys. */
  isOf(tensors: NamedShapes): boolean;
  /** The tensor whose first dimension is `base` times the width. */
  readonly widest: string;
  readonly base: number;
  /** Entries of the state dict that no forward uses. */
  readonly unused?: RegExp;
  make(options: BackboneOptions): MadeBackbone;
}

const made = (module: Backbone): MadeBackbone => ({
  module,
  channels: module.channels,
  stride: module.stride,
  features: (image) => module.call(image),
});

const RESIDUAL = {
  attribute: 'resnet',
  widest: 'resnet.layer4.0.conv3.weight',
  base: 2048,
  unused: /^resnet\.fc\./,
} as const;

const RES2NET_STEM = 'resnet.conv1.0.weight';

function res2net(depth: 50 | 101): BackboneEntry {
  return {
    ...RESIDUAL,
    title: `Res2Net-${depth}`,
    signature: RES2NET_STEM,
    // Layer 3 has 6 blocks in a Res2Net-50, 23 in a Res2Net-101.
    isOf: (tensors) =>
      tensors.has(RES2NET_STEM) &&
      [...tensors.keys()].some((key) => Number(/^resnet\.layer3\.(\d+)\./.exec(key)?.[1]) >= 6) === (depth === 101),
    make(options) {
      const module = new Res2Net({ depth, ...options });
      return {
        module,
        channels: module.channels,
        stride: module.strides[0],
        features(image) {
          const { layer1, layer2, layer3, layer4 } = module.call(image);
          return [layer1, layer2, layer3, layer4];
        },
      };
    },
  };
}

export const BACKBONE_TABLE: Readonly<Record<BackboneName, BackboneEntry>> = {
  res2net50: res2net(50),
  res2net101: res2net(101),
  resnet50: {
    ...RESIDUAL,
    title: 'ResNet-50',
    signature: 'resnet.conv1.weight',
    isOf: (tensors) => tensors.has('resnet.conv1.weight'),
    make: (options) => made(new ResNet50(options)),
  },
  vgg16: {
    title: 'VGG-16',
    attribute: 'vgg',
    signature: 'vgg.conv1.conv1_1.weight',
    isOf: (tensors) => [...tensors.keys()].some((key) => key.startsWith('vgg.')),
    widest: 'vgg.conv5_1.conv5_3_1.weight',
    base: 512,
    unused: /^vgg\.conv[45]_2\./,
    make: (options) => made(new VGG16(options)),
  },
};
