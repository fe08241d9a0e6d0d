/**
 * What a net is worth after an epoch: predicted on the validation slices, compared at each slice's own size.
 *
 * `dice`, `iou`, `mae` are of the probability as `infnet segment` writes it. `releasedDice`, `releasedMeanDice` are of
 * the map as the released test code makes it (stretched to full contrast, 8 bit, quirk 20), to compare with figures
 * made that way.
 */
import { type ParameterStore, Predictor, type Tensor } from '@infnet/core';
import {
  type Dataset,
  encodePng,
  type FloatMap,
  finalPngU8,
  minMaxNormalize,
  overlay,
  predictionInput,
  probabilityToU8,
  resizeBilinearFloat,
  sigmoid,
} from '@infnet/data';
import type { InfNet } from '@infnet/inf-net';
import { evaluateMap } from '@infnet/metrics';
import type { PictureSink, RunValidation } from './run-validation.js';
import { Samples } from './samples.js';

/** The truth in another colour than a prediction. */
const TRUTH = { colour: [40, 190, 120], outlineColour: [150, 255, 190] } as const;

export interface ValidationOptions {
  readonly net: InfNet;
  readonly dataset: Dataset;
  readonly size: number;
  readonly batch: number;
  /** Where pictures are kept, and of how many slices. */
  readonly folder: string;
  readonly samples: number;
}

export type ValidationFigures = Readonly<
  Record<
    'dice' | 'iou' | 'sensitivity' | 'specificity' | 'meanDice' | 'mae' | 'releasedDice' | 'releasedMeanDice',
    number
  >
>;

/** Means over the slices of one validation after another, each with the parameters as they are then. */
export class Validator implements RunValidation {
  readonly samples: Samples;
  readonly #options: ValidationOptions;
  readonly #predictor: Predictor<'image', 'lateralMap2'>;

  constructor(options: ValidationOptions) {
    const { net, dataset, folder, samples } = options;
    this.#options = options;
    const forward = ({ image }: { readonly image: Tensor }) => ({ lateralMap2: net.call(image).lateralMap2 });
    this.#predictor = new Predictor({ forward });
    const truth = async (index: number): Promise<Uint8Array> => {
      const { image, mask } = await dataset.slice(index);
      return encodePng(overlay(image, mask, TRUTH));
    };
    this.samples = new Samples(folder, { names: dataset.names, truth }, samples);
  }

  async run(parameters: ParameterStore, picture: PictureSink): Promise<ValidationFigures> {
    const { dataset, size } = this.#options;
    const batch = Math.min(this.#options.batch, dataset.length);
    const rows: ValidationFigures[] = [];
    const load = async (index: number) => {
      const image = await dataset.image(index);
      return { index, image, inputs: { image: predictionInput(image, size) } };
    };
    const inputs = { item: { image: [3, size, size] }, batch };
    const sources = dataset.names.keys();
    for await (const { item, outputs } of this.#predictor.each(inputs, sources, load, { parameters })) {
      const probability = { width: size, height: size, data: sigmoid(outputs.lateralMap2) };
      rows.push(await figuresOf(dataset, item.index, probability));
      await picture(item.index, async () => encodePng(overlay(item.image, probability)));
    }
    return meanFigures(rows);
  }
}

/**
 * Means over slices. A slice on which a figure is undefined (sensitivity, where nothing is infected) takes no part in
 * it; NaN where no slice does.
 */
export function meanFigures(rows: readonly ValidationFigures[]): ValidationFigures {
  const names = Object.keys(rows[0] ?? {}) as (keyof ValidationFigures)[];
  const means = names.map((name) => {
    const defined = rows.map((row) => row[name]).filter((value) => !Number.isNaN(value));
    return [name, defined.reduce((sum, value) => sum + value, 0) / defined.length];
  });
  return Object.fromEntries(means) as ValidationFigures;
}

async function figuresOf(dataset: Dataset, index: number, probability: FloatMap): Promise<ValidationFigures> {
  const { mask } = await dataset.slice(index);
  const { width, height } = mask;
  const own = resizeBilinearFloat(probability, width, height);
  // As the masks of a data set are read: a soft one is infected above the middle.
  const common = { width, height, conventions: 'sane', maskAbove: 128 } as const;
  const plain = evaluateMap(probabilityToU8(own.data), mask.data, { ...common, stretch: false });
  const stretched = bytesMap(finalPngU8(minMaxNormalize(probability.data)), probability);
  const released = evaluateMap(resizeBilinearFloat(stretched, width, height).data, mask.data, {
    ...common,
    stretch: false,
  });
  const { dice, iou, sensitivity, specificity, meanDice, mae } = plain;
  return {
    dice,
    iou,
    sensitivity,
    specificity,
    meanDice,
    mae,
    releasedDice: released.dice,
    releasedMeanDice: released.meanDice,
  };
}

function bytesMap(bytes: Uint8Array, { width, height }: FloatMap): FloatMap {
  return { width, height, data: Float32Array.from(bytes, (v) => v / 255) };
}
