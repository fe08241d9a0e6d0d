/** Ground-glass opacity and consolidation of an infection that is known: the multi-class U-Net. */
import type { InputSpec } from '@infnet/core';
import { InfnetError } from '@infnet/core';
import {
  type ChannelOrder,
  CLASS_NAMES,
  CONSOLIDATION_COLOUR,
  classesInput,
  classOverlay,
  decideClasses,
  encodeClassMap,
  GROUND_GLASS_COLOUR,
  resizeNearest,
} from '@infnet/data';
import { UNET_SIGNATURES, UNet } from '@infnet/inf-net';
import { sigmoid } from '@infnet/nn';
import { bce, crossEntropy } from '@infnet/trainer';
import { unetBatches } from '../batches.js';
import { openClassMaps } from '../data.js';
import { decideByLargest } from '../decide.js';
import { requireFinite } from '../finite.js';
import { inputNamed } from '../inputs.js';
import { classMap } from '../maps.js';
import { ClassScoring } from '../scores.js';
import type { NetOptions, SegmentationTask, TaskClass, TaskNet } from '../task.js';
import { classesTraining } from '../train/texts.js';

/** Metadata of a file of weights: what the channels of the output mean, and how the input was made. */
export const CHANNEL_ORDER = 'channel_order';
export const CHANNEL_ORDERS: readonly ChannelOrder[] = ['classes', 'as-released'];

const CLASSES = 3;
/** Slice and prior, three channels each. */
const INPUT_CHANNELS = 6;
const FIRST = 'inc.double_conv.0.weight';
const LAST = 'outc.conv.weight';
/** Has 512 channels in the reference: of all, the one that tells the width best. */
const WIDEST = { name: 'down4.maxpool_conv.1.double_conv.0.weight', base: 512 };

const TASK_CLASSES: readonly TaskClass[] = [
  { name: CLASS_NAMES[0], short: 'background', key: 'background', colour: [0, 0, 0] },
  { name: CLASS_NAMES[1], short: 'ground-glass', key: 'groundGlass', colour: GROUND_GLASS_COLOUR },
  { name: CLASS_NAMES[2], short: 'consolidation', key: 'consolidation', colour: CONSOLIDATION_COLOUR },
];

type ClassFormat = NonNullable<Parameters<typeof encodeClassMap>[1]>;
export const CLASS_FORMATS: readonly ClassFormat[] = ['palette', 'grey', 'released'];

export const classes: SegmentationTask = {
  name: 'classes',
  summary: 'ground-glass and consolidation of an infection that is known, by the multi-class U-Net',
  classes: TASK_CLASSES,
  companions: ['Prior'],
  netOptions: [
    { name: 'width', summary: 'multiplies the channels, for smaller nets', value: 1 },
    { name: 'order', summary: "what the net's channels mean", value: 'classes', choices: CHANNEL_ORDERS },
  ],
  net: unetTask,
  signatures: UNET_SIGNATURES,
  recognise({ tensors, metadata, file }, asked) {
    if (!isUNet(tensors)) return undefined;
    const [told, channels] = [tensors.get(LAST)?.shape[0], tensors.get(FIRST)?.shape[1]];
    if (told !== CLASSES || channels !== INPUT_CHANNELS) throw otherChannels(told, channels, file);
    const width = (tensors.get(WIDEST.name)?.shape[0] ?? WIDEST.base) / WIDEST.base;
    const says = (value: unknown): ChannelOrder | undefined => CHANNEL_ORDERS.find((order) => order === value);
    const said = says(asked['order']) ?? says(metadata.get(CHANNEL_ORDER));
    // The reference's own checkpoints say nothing of it.
    const order = said ?? 'as-released';
    return {
      net: unetTask({ width, order }),
      isOptional: (name) => name.endsWith('.num_batches_tracked'),
      facts: { width, order, orderSaid: said !== undefined },
    };
  },
  maps: [
    classMap((labels, format) =>
      encodeClassMap(
        labels,
        CLASS_FORMATS.find((name) => name === format),
      ),
    ),
  ],
  draw: (slice, { labels }, { scale }) => classOverlay(slice, labels, scale === undefined ? {} : { scale }),
  drawTruth: (slice, truth) => classOverlay(slice, truth),
  scores: () => new ClassScoring(TASK_CLASSES),
  losses: ['cross-entropy', 'as-released'],
  training: classesTraining(TASK_CLASSES, CHANNEL_ORDER),
  openData: (source, options) => openClassMaps(source, options, { hasPrior: true, batches: unetBatches }),
};

/** Whether these are the keys of the U-Net, whatever its numbers of channels. */
export function isUNet(tensors: ReadonlyMap<string, unknown>): boolean {
  return tensors.has(FIRST) && tensors.has(LAST);
}

function otherChannels(told: number | undefined, channels: number | undefined, where: string | undefined): InfnetError {
  const must = `it must take ${INPUT_CHANNELS} (slice and prior) and tell ${CLASSES} (background, ground-glass, consolidation)`;
  return new InfnetError({
    code: 'TASK_WRONG_NET',
    message: `The net takes ${channels} channels and tells ${told} classes; ${must}.`,
    fix: 'Give weights of the multi-class U-Net: infnet train --multi-class --data SET --out RUN makes some.',
    ...(where === undefined ? {} : { where }),
    details: { classes: told, channels },
  });
}

function unetTask(asked: NetOptions): TaskNet {
  const width = Number(asked['width'] ?? 1);
  const order = CHANNEL_ORDERS.find((name) => name === asked['order']) ?? 'classes';
  const asReleased = order === 'as-released';
  const module = new UNet({ width });
  return {
    module,
    options: { width, order },
    name: 'multi-class U-Net',
    title: `multi-class U-Net, width ${width}`,
    sizeMultiple: 1,
    inputShapes: (size) => ({ image: [INPUT_CHANNELS, size, size] }),
    input({ image, companions }, size) {
      const prior = companions?.['Prior'];
      if (prior !== undefined) return { image: classesInput(image, prior, size, { asReleased }).data };
      const message = 'The U-Net gets where a slice is infected, and that is not said.';
      throw new InfnetError({ code: 'TASK_COMPANION', message, fix: 'Give companions: { Prior: map }.' });
    },
    forward: (inputs) => ({ logits: module.call(inputNamed(inputs, 'image')) }),
    interpret(logits, slice, options) {
      if (!asReleased) return { labels: decideByLargest(logits, slice, { ...options, classes: CLASSES }) };
      // The released code decides at the net's size and repeats pixels.
      const { size, what, where } = options;
      requireFinite(logits, what, where);
      const decided = decideClasses({ data: logits, shape: [CLASSES, size, size] }, order);
      return { labels: resizeNearest(decided, slice.width, slice.height) };
    },
    targets(size, variant): Readonly<Record<string, InputSpec>> {
      if (variant === 'as-released') return { onehot: [CLASSES, size, size] };
      return { classes: { shape: [size, size], dtype: 'u32' } };
    },
    loss(batch, variant) {
      const logits = module.call(inputNamed(batch, 'image'));
      if (variant === 'as-released') return bce(sigmoid(logits), inputNamed(batch, 'onehot'));
      return crossEntropy(logits, inputNamed(batch, 'classes'));
    },
  };
}
