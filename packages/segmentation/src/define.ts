/** A task of one's own, from a net and a few functions; all else follows. */
import { checkNames, formatShape, InfnetError, type Module, type Shape, type Tensor } from '@infnet/core';
import {
  type ByteImage,
  type Colour,
  drawLayers,
  encodeIndexedPng,
  type GreyImage,
  predictionInput,
  type RgbImage,
  type VolumeWindow,
} from '@infnet/data';
import type { StepLoss } from '@infnet/trainer';
import { classMapBatches, maskBatches } from './batches.js';
import { openClassMaps, openMasks } from './data.js';
import { decideByLargest, decideByThreshold, probabilityOf } from './decide.js';
import { classMap, PROBABILITY_MAPS } from './maps.js';
import { ClassScoring, MapScoring } from './scores.js';
import type {
  NetOption,
  NetOptions,
  Recognised,
  SegmentationTask,
  TaskClass,
  TaskNet,
  TaskSlice,
  WeightsContent,
} from './task.js';
import { ownTraining } from './train/texts.js';

/** Metadata of a file of weights: which task they are of, and what its net was built with, as JSON. */
export const TASK_NAME = 'task';
export const NET_OPTIONS = 'net_options';

export interface TaskDefinition<N extends Module<never, unknown>> {
  readonly name: string;
  readonly summary?: string;
  /** The background first. Two are told apart by one channel of logits, more by as many channels as there are. */
  readonly classes: readonly (Pick<TaskClass, 'name' | 'colour'> & Partial<TaskClass>)[];
  /** What the net can be built with, and what it is built with where nobody says. Default: nothing. */
  readonly netOptions?: readonly NetOption[];
  readonly net: (options: NetOptions) => N;
  /** The net's answer: [N, C, size, size], one channel for two classes. */
  readonly logits: (net: N, inputs: Readonly<Record<string, Tensor>>) => Tensor;
  /** Gets the inputs and `classes` (u32, [N, size, size]), of two classes `mask` (0 to 1, [N, 1, size, size]). */
  readonly loss: (net: N, batch: Readonly<Record<string, Tensor>>, variant: string) => Tensor | StepLoss;
  /** Variants of the loss, the usual one first. Default: one. */
  readonly losses?: readonly string[];
  /** A slice as the net takes it. Default: `image`, RGB with ImageNet statistics, [3, size, size]. */
  readonly input?: (slice: TaskSlice, size: number) => Readonly<Record<string, Float32Array>>;
  readonly inputShapes?: (size: number) => Readonly<Record<string, Shape>>;
  /** Sides of the net's input are multiples of this. Default 1. */
  readonly sizeMultiple?: number;
  /** What volumes are shown through. Default `lung`. */
  readonly window?: VolumeWindow;
}

const FIELDS: readonly (keyof TaskDefinition<never>)[] = [
  ...(['name', 'summary', 'classes', 'netOptions', 'net', 'logits', 'loss', 'losses'] as const),
  ...(['input', 'inputShapes', 'sizeMultiple', 'window'] as const),
];

/**
 * @throws InfnetError `OPTION_UNKNOWN` for a field that there is not, `TASK_FIELD` for one that is missing or of
 *   another kind; of the task, when its net is built or traced: `MODULE_OPTION`, `TASK_LOGITS` for logits of another
 *   shape, ...
 */
export function defineTask<N extends Module<never, unknown>>(definition: TaskDefinition<N>): SegmentationTask {
  checkDefinition(definition);
  const { name, summary = `the task ${name}`, netOptions = [], losses = ['own'] } = definition;
  const classes = definition.classes.map((one): TaskClass => ({ short: one.name, key: keyOf(one.name), ...one }));
  const isBinary = classes.length === 2;
  const net = (options: NetOptions): TaskNet => ownNet(definition, options, classes.length);
  const colours = classes.map(({ colour }) => colour);
  return {
    name,
    summary,
    classes,
    companions: [],
    netOptions,
    ...(definition.window === undefined ? {} : { window: definition.window }),
    net,
    signatures: [],
    recognise: (weights, asked) => recogniseOwn(name, net, weights, asked),
    maps: isBinary ? PROBABILITY_MAPS : [classMap((labels) => encodeIndexedPng(labels, colours))],
    draw: (slice, found, options) =>
      drawLayers(
        slice,
        isBinary ? [layerOf(probabilityOf(found), colours[1])] : layersOf(found.labels, colours),
        options,
      ),
    drawTruth: (slice, truth) => drawTruth(slice, truth, colours),
    scores: () => (isBinary ? new MapScoring() : new ClassScoring(classes)),
    losses,
    training: ownTraining(
      name,
      classes,
      definition.window === undefined ? {} : { window: definition.window },
      (options) => ({ [TASK_NAME]: name, [NET_OPTIONS]: JSON.stringify(options) }),
    ),
    openData: (source, options) =>
      isBinary
        ? openMasks(source, options, maskBatches)
        : openClassMaps(source, options, { hasPrior: false, batches: classMapBatches }),
  };
}

function checkDefinition(definition: object): void {
  checkNames('defineTask', definition, FIELDS, 'field');
  const fields: Readonly<Record<string, unknown>> = { ...definition };
  const refuse = (field: string, needed: string): never => {
    const message = `"${field}" is ${fields[field] === undefined ? 'missing' : 'of another kind'}; ${needed} is needed`;
    throw new InfnetError({ code: 'TASK_FIELD', message, where: 'defineTask' });
  };
  if (typeof fields['name'] !== 'string' || fields['name'] === '') refuse('name', 'a text that is not empty');
  const { classes } = fields;
  const isClass = (one: unknown): boolean =>
    typeof one === 'object' && one !== null && 'name' in one && 'colour' in one;
  if (!Array.isArray(classes) || classes.length < 2 || !classes.every(isClass)) {
    refuse('classes', 'a list of two or more { name, colour }, the background first,');
  }
  for (const field of ['net', 'logits', 'loss']) if (typeof fields[field] !== 'function') refuse(field, 'a function');
}

/** The net's answer, if it is one for so many classes: another number of channels would be read as other classes. */
function checkedLogits(task: string, logits: Tensor, classes: number): Tensor {
  const channels = classes === 2 ? 1 : classes;
  const shape: Shape = logits?.shape ?? [];
  if (shape.length === 4 && shape[1] === channels && shape[2] === shape[3]) return logits;
  throw new InfnetError({
    code: 'TASK_LOGITS',
    message: `logits are ${formatShape(shape)}; ${classes} classes need [N, ${channels}, size, size]`,
    where: task,
    fix:
      classes === 2
        ? 'Two classes are told apart by one channel, the logit of the second.'
        : 'Give one channel for each class, the background first.',
  });
}

function ownNet<N extends Module<never, unknown>>(
  definition: TaskDefinition<N>,
  asked: NetOptions,
  classes: number,
): TaskNet {
  const { netOptions = [], logits, loss, sizeMultiple = 1 } = definition;
  const options: NetOptions = { ...Object.fromEntries(netOptions.map(({ name, value }) => [name, value])), ...asked };
  const module = definition.net(options);
  const said = Object.entries(options).map(([name, value]) => `, ${name} ${value}`);
  return {
    module,
    options,
    name: definition.name,
    title: `${definition.name}${said.join('')}`,
    sizeMultiple,
    inputShapes: definition.inputShapes ?? ((size) => ({ image: [3, size, size] })),
    input: definition.input ?? (({ image }, size) => ({ image: predictionInput(image, size) })),
    forward: (inputs) => ({ logits: checkedLogits(definition.name, logits(module, inputs), classes) }),
    interpret: (values, slice, how) =>
      classes === 2
        ? decideByThreshold(values, slice, how)
        : { labels: decideByLargest(values, slice, { ...how, classes }) },
    targets: (size) => targetsOf(size, classes),
    loss: (batch, variant) => loss(module, batch, variant),
  };
}

function targetsOf(size: number, classes: number): ReturnType<TaskNet['targets']> {
  return classes === 2 ? { mask: [1, size, size] } : { classes: { shape: [size, size], dtype: 'u32' } };
}

/** By what the file says of itself; of a file that says nothing, by the names of its tensors. */
function recogniseOwn(
  task: string,
  net: (options: NetOptions) => TaskNet,
  { tensors, metadata }: WeightsContent,
  asked: NetOptions,
): Recognised | undefined {
  const said = metadata.get(TASK_NAME);
  if (said !== undefined && said !== task) return undefined;
  const built = net({ ...parsedOptions(metadata.get(NET_OPTIONS)), ...asked });
  const names = built.module.stateDictSpec().map(({ name }) => name);
  if (!names.some((name) => tensors.has(name))) return undefined;
  const isOptional = (name: string): boolean => name.endsWith('.num_batches_tracked');
  return { net: built, isOptional, facts: { task, ...built.options } };
}

/** What {@link NET_OPTIONS} says; nothing where it is not of this form. */
function parsedOptions(text: unknown): NetOptions {
  if (typeof text !== 'string') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const isPlain = (one: unknown): one is string | number | boolean =>
    ['string', 'number', 'boolean'].includes(typeof one);
  return Object.fromEntries(Object.entries(value).flatMap(([name, one]) => (isPlain(one) ? [[name, one]] : [])));
}

/** `ground-glass opacity` as `groundGlassOpacity`. */
function keyOf(name: string): string {
  const [first = '', ...rest] = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return first.toLowerCase() + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('');
}

type Layer = Parameters<typeof drawLayers>[1][number];

function layerOf(map: Layer['map'], colour: Colour = [255, 255, 255]): Layer {
  return { map, colour, outlineColour: colour };
}

function layersOf(labels: GreyImage, colours: readonly Colour[]): Layer[] {
  const only = (k: number): GreyImage => ({ ...labels, data: labels.data.map((v) => (v === k ? 255 : 0)) });
  return colours.slice(1).map((colour, i) => layerOf(only(i + 1), colour));
}

function drawTruth(slice: ByteImage, truth: GreyImage, colours: readonly Colour[]): RgbImage {
  return drawLayers(slice, colours.length === 2 ? [layerOf(truth, colours[1])] : layersOf(truth, colours), {});
}
