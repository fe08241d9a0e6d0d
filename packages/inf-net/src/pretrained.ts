/**
 * Weights of a backbone alone, as ImageNet trainings leave them: which backbone they are of, and under which names
 * Inf-Net has them. The paper starts so: the backbone from ImageNet, the rest from first values.
 *
 * Layouts: the nets' own keys without the name of the attribute (Res2Net's released files and timm's `res2net50d`,
 * torchvision's and timm's `resnet50`), and torchvision's numbered list of layers for VGG-16.
 */
import { initialValues, type Module, type StateDict } from '@infnet/core';
import type { NamedShapes } from './backbone/backbone.js';
import type { BackboneName } from './backbone/table.js';

/** A backbone's weights that Inf-Net can start from. */
export interface RecognizedBackbone {
  readonly backbone: BackboneName;
  readonly width: number;
  /** What to call the file, e.g. `Res2Net-50`. */
  readonly title: string;
  /** From a key of the file to Inf-Net's; undefined for what is not of the backbone, such as the classifier. */
  readonly rename: (key: string) => string | undefined;
}

/** A backbone that is recognised, and is none of Inf-Net's. */
export interface OtherBackbone {
  readonly title: string;
  /** In what it differs, with the figures. */
  readonly why: string;
}

/** Names by which a backbone is found behind whatever prefix: for `peelPrefix` of @infnet/checkpoint. */
export const BACKBONE_SIGNATURES: readonly (readonly string[])[] = [
  ['conv1.0.weight', 'layer1.0.conv1.weight'],
  ['conv1.weight', 'layer1.0.conv1.weight'],
  ['features.0.weight', 'features.2.weight'],
  ['features.0.weight', 'features.3.weight'],
  ['conv1.conv1_1.weight', 'conv2.conv2_1.weight'],
];

/** The backbone whose weights these are; undefined when they are of none. Keys are without any prefix. */
export function recognizeBackboneAlone(tensors: NamedShapes): RecognizedBackbone | OtherBackbone | undefined {
  if (tensors.has('layer1.0.conv1.weight')) return residual(tensors);
  if (tensors.has('conv1.conv1_1.weight')) return ownVgg(tensors);
  return tensors.get('features.0.weight')?.shape.length === 4 ? numberedVgg(tensors) : undefined;
}

/** The modules of a residual net before its classifier. */
const RESIDUAL_PARTS: ReadonlySet<string> = new Set(['conv1', 'bn1', 'layer1', 'layer2', 'layer3', 'layer4']);

/** Blocks of layers 1 to 4, by depth. */
const DEPTHS: readonly (readonly [depth: number, blocks: string])[] = [
  [50, '3, 4, 6, 3'],
  [101, '3, 4, 23, 3'],
  [152, '3, 8, 36, 3'],
];

function residual(tensors: NamedShapes): RecognizedBackbone | OtherBackbone {
  const splits = tensors.has('layer1.0.convs.0.weight');
  const deepStem = tensors.has('conv1.0.weight');
  const blocks = [1, 2, 3, 4].map((layer) => blocksOf(tensors, layer)).join(', ');
  const depth = DEPTHS.find(([, known]) => known === blocks)?.[0];
  const family = splits ? 'Res2Net' : 'ResNet';
  const title = depth === undefined ? `${family} of ${blocks} blocks` : `${family}-${depth}`;
  const stem = tensors.get(deepStem ? 'conv1.0.weight' : 'conv1.weight')?.shape ?? [];
  if (!tensors.has('layer1.0.conv3.weight')) {
    return { title: `ResNet of ${blocks} basic blocks`, why: 'its blocks have two convolutions, not three' };
  }
  if (splits !== deepStem) {
    const wanted = splits ? 'three of 3 x 3 (conv1.0, conv1.3, conv1.6: version 1b)' : 'one of 7 x 7 (conv1)';
    const has = splits ? `one convolution [${stem}] (conv1.weight)` : `several, the first [${stem}] (conv1.0.weight)`;
    return { title, why: `its stem is ${has}, that of Inf-Net's ${family} ${wanted}` };
  }
  const wanted = splits ? [50, 101] : [50];
  if (depth === undefined || !wanted.includes(depth)) {
    return { title, why: `its layers have ${blocks} blocks; Inf-Net's ${family} has ${depthsText(wanted)}` };
  }
  return {
    backbone: (splits ? `res2net${depth}` : 'resnet50') as BackboneName,
    width: widthOf(tensors, 'layer4.0.conv3.weight', 2048),
    title,
    rename: (key) => (RESIDUAL_PARTS.has(key.split('.')[0] ?? '') ? `resnet.${key}` : undefined),
  };
}

function depthsText(depths: readonly number[]): string {
  return DEPTHS.filter(([depth]) => depths.includes(depth))
    .map(([, blocks]) => blocks)
    .join(' or ');
}

function blocksOf(tensors: NamedShapes, layer: number): number {
  let last = -1;
  for (const key of tensors.keys()) {
    const [, index] = /^layer(\d)\.(\d+)\./.exec(key)?.slice(1).map(Number) ?? [];
    if (index !== undefined && key.startsWith(`layer${layer}.`)) last = Math.max(last, index);
  }
  return last + 1;
}

/** Inf-Net's names of the thirteen convolutions that are computed, by their number in torchvision's list of layers. */
const VGG_LAYERS: ReadonlyMap<number, string> = new Map([
  [0, 'conv1.conv1_1'],
  [2, 'conv1.conv1_2'],
  [5, 'conv2.conv2_1'],
  [7, 'conv2.conv2_2'],
  [10, 'conv3.conv3_1'],
  [12, 'conv3.conv3_2'],
  [14, 'conv3.conv3_3'],
  [17, 'conv4_1.conv4_1_1'],
  [19, 'conv4_1.conv4_2_1'],
  [21, 'conv4_1.conv4_3_1'],
  [24, 'conv5_1.conv5_1_1'],
  [26, 'conv5_1.conv5_2_1'],
  [28, 'conv5_1.conv5_3_1'],
]);

function numberedVgg(tensors: NamedShapes): RecognizedBackbone | OtherBackbone {
  const convolutions: number[] = [];
  let normed = false;
  for (const [key, { shape }] of tensors) {
    const [, layer, name] = /^features\.(\d+)\.(\w+)$/.exec(key) ?? [];
    if (name === 'weight' && shape.length === 4) convolutions.push(Number(layer));
    normed ||= name === 'running_mean';
  }
  const title = `VGG of ${convolutions.length} convolutions${normed ? ' with batch norm' : ''}`;
  const wanted = [...VGG_LAYERS.keys()].join(', ');
  const found = convolutions.sort((a, b) => a - b).join(', ');
  if (normed) return { title, why: "Inf-Net's VGG-16 has no batch norm" };
  if (found !== wanted) return { title, why: `they are features ${found}; VGG-16 has 13 of them: ${wanted}` };
  return {
    backbone: 'vgg16',
    width: widthOf(tensors, 'features.28.weight', 512),
    title: 'VGG-16',
    rename: (key) => {
      const [, layer, name] = /^features\.(\d+)\.(\w+)$/.exec(key) ?? [];
      const place = VGG_LAYERS.get(Number(layer));
      return place === undefined ? undefined : `vgg.${place}.${name}`;
    },
  };
}

function ownVgg(tensors: NamedShapes): RecognizedBackbone {
  return {
    backbone: 'vgg16',
    width: widthOf(tensors, 'conv5_1.conv5_3_1.weight', 512),
    title: 'VGG-16',
    rename: (key) => (/^conv\d(_\d)?\./.test(key) ? `vgg.${key}` : undefined),
  };
}

function widthOf(tensors: NamedShapes, widest: string, base: number): number {
  const rows = tensors.get(widest)?.shape[0];
  return rows === undefined || rows === 0 ? 1 : rows / base;
}

/** Values for a net of which some are given: the others are those that the seed gives. */
export function completeState(net: Pick<Module, 'stateDictSpec'>, given: StateDict, seed: number): StateDict {
  const stored = net.stateDictSpec().filter(({ parameter }) => !parameter.unused);
  return new Map(
    stored.map(({ name, shape, parameter }) => [
      name,
      given.get(name) ?? { shape, data: initialValues(parameter, seed) },
    ]),
  );
}
