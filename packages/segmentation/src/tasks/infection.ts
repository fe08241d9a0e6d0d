/** Where a slice is infected: Inf-Net. */

import { INFECTION_COLOUR, overlay, predictionInput } from '@infnet/data';
import {
  BACKBONES,
  DEFAULT_BACKBONE,
  hasDecoder,
  INF_NET_SIGNATURES,
  InfNet,
  isOptionalEntry,
  recognizeBackbone,
  recognizeNet,
} from '@infnet/inf-net';
import { type InfNetLossVariant, infNetLoss } from '@infnet/trainer';
import { openMasks } from '../data.js';
import { decideByThreshold, probabilityOf } from '../decide.js';
import { inputNamed } from '../inputs.js';
import { PROBABILITY_MAPS } from '../maps.js';
import { MapScoring } from '../scores.js';
import type { NetOptions, SegmentationTask, TaskNet } from '../task.js';
import { INFECTION_TRAINING } from '../train/texts.js';

/** The truth in another colour than an answer. */
const TRUTH = { colour: [40, 190, 120], outlineColour: [150, 255, 190] } as const;
const LOSSES: readonly InfNetLossVariant[] = ['as-released', 'paper', 'dice'];

export const infection: SegmentationTask = {
  name: 'infection',
  summary: 'where a slice is infected, by Inf-Net',
  classes: [
    { name: 'background', short: 'background', key: 'background', colour: [0, 0, 0] },
    { name: 'infection', short: 'infected', key: 'infected', colour: INFECTION_COLOUR },
  ],
  companions: [],
  netOptions: [
    { name: 'backbone', summary: 'which backbone', value: DEFAULT_BACKBONE, choices: BACKBONES },
    { name: 'width', summary: 'multiplies the channels, for smaller nets', value: 1 },
    { name: 'channels', summary: "channels of the decoder's inputs", value: 32 },
  ],
  net: infNetTask,
  signatures: INF_NET_SIGNATURES,
  recognise({ tensors }, asked) {
    const backbone = BACKBONES.find((name) => name === asked['backbone']) ?? recognizeBackbone(tensors);
    if (backbone === undefined || (asked['backbone'] === undefined && !hasDecoder(tensors))) return undefined;
    const options = { ...recognizeNet(tensors, backbone) };
    return { net: infNetTask(options), isOptional: isOptionalEntry, facts: options };
  },
  maps: PROBABILITY_MAPS,
  draw: (slice, found, options) => overlay(slice, probabilityOf(found), options),
  drawTruth: (slice, truth) => overlay(slice, truth, TRUTH),
  scores: () => new MapScoring(),
  losses: LOSSES,
  training: INFECTION_TRAINING,
  openData: openMasks,
};

function infNetTask(asked: NetOptions): TaskNet {
  const backbone = BACKBONES.find((name) => name === asked['backbone']);
  const { width, channels } = { width: Number(asked['width'] ?? 1), channels: Number(asked['channels'] ?? 32) };
  const module = new InfNet({ ...(backbone === undefined ? {} : { backbone }), width, channels });
  const options = { backbone: backbone ?? DEFAULT_BACKBONE, width, channels };
  return {
    module,
    options,
    name: options.backbone,
    title: `${options.backbone}, width ${width}, ${channels} channels`,
    sizeMultiple: module.sizeMultiple,
    inputShapes: (size) => ({ image: [3, size, size] }),
    input: ({ image }, size) => ({ image: predictionInput(image, size) }),
    forward(inputs) {
      const { lateralMap2, lateralEdge } = module.call(inputNamed(inputs, 'image'));
      return { logits: lateralMap2, edge: lateralEdge };
    },
    interpret: decideByThreshold,
    targets: (size) => ({ mask: [1, size, size], edge: [1, size, size] }),
    loss(batch, variant) {
      const [mask, edge] = [inputNamed(batch, 'mask'), inputNamed(batch, 'edge')];
      return infNetLoss(
        module.call(inputNamed(batch, 'image')),
        { mask, edge },
        { variant: LOSSES.find((name) => name === variant) },
      );
    },
  };
}
