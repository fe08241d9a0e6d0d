/** What the net is worth after an epoch, and what it says of a few slices. Runs in Node too. */
import type { Context, ParameterStore } from '@infnet/core';
import {
  type Dataset,
  predictionInput,
  probabilityMap,
  probabilityToU8,
  resizePillow,
  sigmoid,
  toGrey8,
} from '@infnet/data';
import { type InfNet, type Prediction, planPrediction } from '@infnet/inf-net';
import { binaryScores } from '@infnet/metrics';
import type { Picture } from './train-protocol.js';

/** Slices that are pictured. */
const PICTURED = 4;
/** Slices predicted at once. */
const BATCH = 4;

export class Validator {
  readonly #net: InfNet;
  readonly #dataset: Dataset;
  readonly #size: number;
  readonly #onPictures: (pictures: readonly Picture[]) => void;
  #planned: { readonly parameters: ParameterStore; readonly prediction: Prediction } | undefined;

  constructor(net: InfNet, dataset: Dataset, size: number, onPictures: (pictures: readonly Picture[]) => void) {
    this.#net = net;
    this.#dataset = dataset;
    this.#size = size;
    this.#onPictures = onPictures;
  }

  /** Mean Dice at each slice's own size, at the threshold 0.5. */
  async run(context: Context, parameters: ParameterStore): Promise<{ readonly dice: number }> {
    const dataset = this.#dataset;
    const size = this.#size;
    const batch = Math.min(BATCH, dataset.length);
    if (this.#planned?.parameters !== parameters) {
      this.#planned?.prediction[Symbol.dispose]();
      this.#planned = { parameters, prediction: await planPrediction(context, this.#net, parameters, { size, batch }) };
    }
    const pictures: Picture[] = [];
    let sum = 0;
    for (let first = 0; first < dataset.length; first += batch) {
      const indices = Array.from({ length: Math.min(batch, dataset.length - first) }, (_, i) => first + i);
      const inputs = await Promise.all(indices.map(async (index) => predictionInput(await dataset.image(index), size)));
      for (const [i, logits] of (await this.#planned.prediction.run(inputs)).entries()) {
        const index = first + i;
        const { image, mask } = await dataset.slice(index);
        const { data } = probabilityMap(logits, mask, { size });
        const { dice } = binaryScores(data, mask.data, 0.5);
        sum += dice;
        if (pictures.length < PICTURED) {
          pictures.push({
            name: dataset.names[index] ?? String(index),
            size,
            slice: bytesOf(toGrey8(resizePillow(image, size, size)).data),
            mask: bytesOf(resizePillow(mask, size, size).data),
            probability: probabilityToU8(sigmoid(logits)),
            dice,
          });
        }
      }
    }
    this.#onPictures(pictures);
    return { dice: sum / dataset.length };
  }

  /** The device with the plan was lost. */
  forget(): void {
    this.#planned = undefined;
  }
}

function bytesOf(data: Uint8Array | Uint16Array): Uint8Array {
  return Uint8Array.from(data);
}
