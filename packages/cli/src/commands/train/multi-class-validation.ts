/**
 * What a U-Net is worth after an epoch: classes at each slice's own size, pixels of all validation slices counted
 * together (see `class-table.ts`). `dice` and `iou` are the means of ground-glass and consolidation.
 */
import type { ParameterStore, Predictor } from '@infnet/core';
import { type ChannelOrder, classOverlay, encodePng, type MultiClassDataset, multiClassInput } from '@infnet/data';
import type { UNet } from '@infnet/inf-net';
import { ClassTable } from '../../classes/class-table.js';
import { classMapOf } from '../../classes/decide.js';
import { classInputs, classPredictor } from '../../classes/prediction.js';
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
  readonly #predictor: Predictor<'image', 'logits'>;

  constructor(options: MultiClassValidationOptions) {
    const { net, dataset, folder, samples } = options;
    this.#options = options;
    this.#predictor = classPredictor(net);
    const truth = async (index: number): Promise<Uint8Array> => {
      const { image, classes } = await dataset.slice(index);
      return encodePng(classOverlay(image, classes));
    };
    this.samples = new Samples(folder, { names: dataset.names, truth }, samples);
  }

  async run(parameters: ParameterStore, picture: PictureSink): Promise<Figures> {
    const { dataset, size, order } = this.#options;
    const batch = Math.min(this.#options.batch, dataset.length);
    const table = new ClassTable();
    const load = async (index: number) => {
      const { image, prior, classes } = await dataset.slice(index);
      const { data } = multiClassInput(image, prior, size, { asReleased: order === 'as-released' });
      return { index, image, classes, inputs: { image: data } };
    };
    const sources = dataset.names.keys();
    for await (const { item, outputs } of this.#predictor.each(classInputs(size, batch), sources, load, {
      parameters,
    })) {
      const { index, image, classes } = item;
      const where = dataset.names[index] ?? String(index);
      const found = classMapOf(outputs.logits, image, { size, order, where });
      table.add(classes, found);
      await picture(index, async () => encodePng(classOverlay(image, found)));
    }
    return figuresOf(table);
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
