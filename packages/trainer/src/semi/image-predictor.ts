/** Predictions of unlabelled images with given weights: a context for as long as it takes, lost devices included. */
import {
  type Context,
  InfnetError,
  type ItemInputs,
  ParameterStore,
  type Predictor,
  type StateDict,
} from '@infnet/core';
import { imageBatch, type MapOptions, mapPredictor, probabilities, separateImages } from './map-predictor.js';
import type { Prediction } from './strategy.js';
import { imageName, type UnlabelledData } from './unlabelled.js';

export interface ImagePredictorOptions extends MapOptions {
  readonly open: () => Promise<Context>;
  readonly close: (context: Context) => void;
  readonly unlabelled: UnlabelledData;
  readonly weights: StateDict;
  readonly signal: AbortSignal | undefined;
}

/** Opens a context with the first prediction: not every round needs one. Another one when it was lost. */
export class ImagePredictor implements Disposable {
  readonly #options: ImagePredictorOptions;
  readonly #predictor: Predictor<'image', 'logits'>;
  #context: Context | undefined;
  #parameters: ParameterStore | undefined;

  constructor(options: ImagePredictorOptions) {
    this.#options = options;
    this.#predictor = mapPredictor(options, () => this.#present());
  }

  /**
   * Predicts images, one after the other, in the order given.
   *
   * @throws InfnetError `SEMI_NOT_FINITE` naming the image, `RUN_ABORTED` when the signal stopped it, `CONTEXT_LOST`
   *   when one device after the other is lost, and what planning, images and `visit` throw.
   */
  async predict(indices: readonly number[], visit: (prediction: Prediction) => unknown): Promise<void> {
    if (indices.length === 0) return;
    const { unlabelled, signal } = this.#options;
    const batch = imageBatch(this.#options);
    const { schedule } = await this.#predictor.prepare(batch, { signal });
    const [, , height = 0, width = 0] = schedule.outputs.get('logits')?.type.shape ?? [];
    const asItem = (item: Image): Image => item;
    for await (const { item, outputs } of this.#predictor.each(batch, this.#images(indices), asItem, { signal })) {
      const { index } = item;
      assertFinite(outputs.logits, imageName(unlabelled, index));
      await visit({ index, width, height, probability: probabilities(outputs.logits) });
    }
  }

  [Symbol.dispose](): void {
    this.#predictor.dispose();
    this.#close();
  }

  /** Those of a batch are asked for together, and may lie where those of the batch before lay. */
  async *#images(indices: readonly number[]): AsyncGenerator<Image> {
    const { unlabelled, batchSize } = this.#options;
    for (let first = 0; first < indices.length; first += batchSize) {
      const part = indices.slice(first, first + batchSize);
      const images = separateImages(this.#options, await unlabelled.images(part), part.length);
      for (const [i, inputs] of images.entries()) yield { index: part[i] as number, inputs };
    }
  }

  async #present(): Promise<ParameterStore> {
    if (this.#parameters?.context.status === 'alive') return this.#parameters;
    this.#close();
    const { open, net, weights } = this.#options;
    this.#context = await open();
    this.#parameters = new ParameterStore(this.#context, net);
    this.#parameters.load(weights);
    return this.#parameters;
  }

  #close(): void {
    this.#parameters?.dispose();
    if (this.#context !== undefined) this.#options.close(this.#context);
    this.#parameters = undefined;
    this.#context = undefined;
  }
}

interface Image {
  readonly index: number;
  readonly inputs: ItemInputs<'image'>;
}

function assertFinite(logits: Float32Array, name: string): void {
  const bad = logits.reduce((count, value) => count + Number(!Number.isFinite(value)), 0);
  if (bad === 0) return;
  throw new InfnetError({
    code: 'SEMI_NOT_FINITE',
    message: `${bad} of ${logits.length} predicted values of ${name} are not finite, so it gets no label`,
    where: name,
    fix: 'Look at the image and the weights: values far too large give this. Lower the learning rate or clip gradients.',
    details: { image: name, values: logits.length, notFinite: bad },
  });
}
