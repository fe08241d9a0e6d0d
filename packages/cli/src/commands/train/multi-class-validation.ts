/**
 * What a U-Net is worth after an epoch: classes at each slice's own size, pixels of all validation slices counted
 * together (see `class-table.ts`). `dice` and `iou` are the means of ground-glass and consolidation.
 */
import type { Context, ParameterStore } from '@infnet/core';
import { type ChannelOrder, classOverlay, encodePng, type MultiClassDataset, multiClassInput } from '@infnet/data';
import type { UNet } from '@infnet/inf-net';
import { ClassTable } from '../../classes/class-table.js';
import { classMapOf } from '../../classes/decide.js';
import { type ClassPrediction, planClassPrediction } from '../../classes/prediction.js';
import type { Figures, PictureSink, RunValidation } from './run-validation.js';
import { Samples } from './samples.js';

export interface MultiClassValidationOptions {
  readonly net: UNet;
  readonly dataset: MultiClassDataset;
  readonly size: number;
  readonly batch: number;
  readonly order: ChannelOrder;
  /** Where pictures are kept, and of how many slices. */
  readonly folder: string;
  readonly samples: number;
}

export class MultiClassValidator implements RunValidation {
  readonly samples: Samples;
  readonly #options: MultiClassValidationOptions;
  #planned: { readonly parameters: ParameterStore; readonly prediction: ClassPrediction } | undefined;

  constructor(options: MultiClassValidationOptions) {
    const { dataset, folder, samples } = options;
    this.#options = options;
    const truth = async (index: number): Promise<Uint8Array> => {
      const { image, classes } = await dataset.slice(index);
      return encodePng(classOverlay(image, classes));
    };
    this.samples = new Samples(folder, { names: dataset.names, truth }, samples);
  }

  async run(context: Context, parameters: ParameterStore, picture: PictureSink): Promise<Figures> {
    const { dataset, size, order } = this.#options;
    const batch = Math.min(this.#options.batch, dataset.length);
    const prediction = await this.#plan(context, parameters, batch);
    const table = new ClassTable();
    for (let first = 0; first < dataset.length; first += batch) {
      const indices = Array.from({ length: Math.min(batch, dataset.length - first) }, (_, i) => first + i);
      const slices = await Promise.all(indices.map((index) => dataset.slice(index)));
      const asReleased = order === 'as-released';
      const inputs = slices.map(({ image, prior }) => multiClassInput(image, prior, size, { asReleased }).data);
      for (const [i, logits] of (await prediction.run(inputs)).entries()) {
        const index = indices[i] as number;
        const { image, classes } = slices[i] as (typeof slices)[0];
        const where = dataset.names[index] ?? String(index);
        const found = classMapOf(logits, image, { size, order, where });
        table.add(classes, found);
        await picture(index, async () => encodePng(classOverlay(image, found)));
      }
    }
    return figuresOf(table);
  }

  forget(): void {
    this.#planned = undefined;
  }

  async #plan(context: Context, parameters: ParameterStore, batch: number): Promise<ClassPrediction> {
    if (this.#planned?.parameters === parameters) return this.#planned.prediction;
    this.#planned?.prediction[Symbol.dispose]();
    const { net, size } = this.#options;
    const prediction = await planClassPrediction(context, net, parameters, { size, batch });
    this.#planned = { parameters, prediction };
    return prediction;
  }
}

/** Undefined quotients are left out: the log is JSON. */
function figuresOf(table: ClassTable): Figures {
  const [glass, solid] = [table.scores(1), table.scores(2)];
  const figures = {
    dice: (glass.dice + solid.dice) / 2,
    iou: (glass.iou + solid.iou) / 2,
    diceGroundGlass: glass.dice,
    diceConsolidation: solid.dice,
    sensitivityGroundGlass: glass.sensitivity,
    sensitivityConsolidation: solid.sensitivity,
    specificityGroundGlass: glass.specificity,
    specificityConsolidation: solid.specificity,
    accuracy: table.accuracy,
  };
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => !Number.isNaN(value)));
}
