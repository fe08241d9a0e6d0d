/** What the net is worth after an epoch, and what it says of a few slices. Runs in Node too. */
import { type ParameterStore, Predictor, type Tensor } from '@infnet/core';
import { probabilityToU8, resizeLabels, resizePillow, toGrey8 } from '@infnet/data';
import type { Figures, SegmentationTask, TaskData, TaskNet } from '@infnet/segmentation';
import type { Picture } from './train-protocol.js';

/** Slices that are pictured. */
const PICTURED = 4;
/** Slices predicted at once. */
const BATCH = 4;

export class Validator {
  readonly #task: SegmentationTask;
  readonly #net: TaskNet;
  readonly #data: TaskData;
  readonly #size: number;
  readonly #onPictures: (pictures: readonly Picture[]) => void;
  #predicting: { readonly parameters: ParameterStore; readonly predictor: Predictor } | undefined;

  constructor(
    task: SegmentationTask,
    net: TaskNet,
    data: TaskData,
    size: number,
    onPictures: (pictures: readonly Picture[]) => void,
  ) {
    this.#task = task;
    this.#net = net;
    this.#data = data;
    this.#size = size;
    this.#onPictures = onPictures;
  }

  /** The task's figures, at each slice's own size. */
  async run(parameters: ParameterStore): Promise<Figures> {
    const [data, net, size] = [this.#data, this.#net, this.#size];
    const scores = this.#task.scores();
    const pictures: Picture[] = [];
    const indices = Array.from({ length: data.length }, (_, index) => index);
    const load = async (index: number) => {
      const slice = await data.slice(index);
      return { index, slice, inputs: net.input(slice, size) };
    };
    const batch = { item: net.inputShapes(size), batch: Math.min(BATCH, data.length) };
    for await (const { item, outputs } of this.#predictor(parameters).each(batch, indices, load)) {
      const { logits = new Float32Array() } = outputs;
      const { index, slice } = item;
      const truth = await data.truth(index);
      const found = net.interpret(logits, slice.image, { size, where: data.names[index] ?? String(index) });
      scores.add(found, truth);
      if (pictures.length === PICTURED) continue;
      const own = this.#task.scores();
      own.add(found, truth);
      const { labels, probability } = net.interpret(logits, { width: size, height: size }, { size });
      const isMask = this.#task.classes.length === 2;
      pictures.push({
        name: data.names[index] ?? String(index),
        size,
        slice: Uint8Array.from(toGrey8(resizePillow(slice.image, size, size)).data),
        truth: isMask
          ? Uint8Array.from(resizePillow(truth, size, size).data, (value) => (value >= 128 ? 1 : 0))
          : resizeLabels(truth, size, size).data,
        found: labels.data,
        ...(probability === undefined ? {} : { probability: probabilityToU8(probability.data) }),
        dice: own.figures['dice'] ?? Number.NaN,
      });
    }
    this.#onPictures(pictures);
    return scores.figures;
  }

  #predictor(parameters: ParameterStore): Predictor {
    if (this.#predicting?.parameters !== parameters) {
      this.#predicting?.predictor.dispose();
      const forward = (inputs: Readonly<Record<string, Tensor>>) => ({ logits: this.#net.forward(inputs).logits });
      this.#predicting = { parameters, predictor: new Predictor({ forward, parameters }) };
    }
    return this.#predicting.predictor;
  }

  /** The device with the plan was lost. */
  forget(): void {
    this.#predicting = undefined;
  }
}
