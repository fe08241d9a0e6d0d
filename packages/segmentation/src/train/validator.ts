/** What a net is worth after an epoch: asked as in inference, and compared at each slice's own size. */
import { type ParameterStore, Predictor, type Tensor } from '@infnet/core';
import type { RgbImage } from '@infnet/data';
import type { Figures, Interpretation, SegmentationTask, TaskData, TaskNet, TaskSlice } from '../task.js';

export interface ValidatorOptions {
  readonly task: SegmentationTask;
  readonly net: TaskNet;
  readonly data: TaskData;
  readonly size: number;
  readonly batch: number;
}

/** One slice that was asked about. */
export interface Validated {
  readonly index: number;
  readonly slice: TaskSlice;
  /** Of the net, [C * size * size]. */
  readonly logits: Float32Array;
  readonly found: Interpretation;
  /** The slice with the answer over it. */
  draw(): RgbImage;
}

/** One validation after another, each with the parameters as they are then. */
export class Validator {
  readonly #options: ValidatorOptions;
  readonly #predictor: Predictor<string, 'logits'>;

  constructor(options: ValidatorOptions) {
    this.#options = options;
    const { net } = options;
    // Nothing is computed for maps that nobody asks for.
    const forward = (inputs: Readonly<Record<string, Tensor>>) => ({ logits: net.forward(inputs).logits });
    this.#predictor = new Predictor({ forward });
  }

  /**
   * @param parameters the training's
   * @param onSlice gets every slice, one after the other
   * @throws InfnetError `RESULT_NOT_FINITE`, and what reading and running throw
   */
  async run(parameters: ParameterStore, onSlice?: (slice: Validated) => Promise<void>): Promise<Figures> {
    const { task, net, data, size } = this.#options;
    const scores = task.scores();
    const load = async (index: number) => {
      const slice = await data.slice(index);
      return { index, slice, inputs: net.input(slice, size) };
    };
    const inputs = { item: net.inputShapes(size), batch: Math.min(this.#options.batch, data.length) };
    for await (const { item, outputs } of this.#predictor.each(inputs, data.names.keys(), load, { parameters })) {
      const { index, slice } = item;
      const where = data.names[index] ?? String(index);
      const found = net.interpret(outputs.logits, slice.image, { size, where });
      scores.add(found, await data.truth(index));
      const draw = (): RgbImage => task.draw(slice.image, found, {});
      await onSlice?.({ index, slice, logits: outputs.logits, found, draw });
    }
    return scores.figures;
  }
}
