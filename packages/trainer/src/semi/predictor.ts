/** Predictions of unlabelled images with given weights: a context for as long as it takes, lost devices included. */
import { type Context, InfnetError, isInfnetError, ParameterStore, type StateDict } from '@infnet/core';
import { type PredictionOptions, type PredictionPlan, preparePrediction, probabilities } from './prediction-plan.js';
import type { Prediction } from './strategy.js';
import { imageName, type UnlabelledData } from './unlabelled.js';

export interface PredictorOptions extends Omit<PredictionOptions, 'parameters'> {
  readonly open: () => Promise<Context>;
  readonly close: (context: Context) => void;
  readonly unlabelled: UnlabelledData;
  readonly weights: StateDict;
  readonly signal: AbortSignal | undefined;
}

export type Predict = (indices: readonly number[], visit: (prediction: Prediction) => unknown) => Promise<void>;

/** Lost devices after which it gives up, as the trainer does. */
const MOST_DEVICES = 3;

/**
 * Calls `body` with a function that predicts. When the device is lost, all of `body` is repeated on another one: it
 * must give the same result when it is called again.
 *
 * @throws InfnetError `SEMI_NOT_FINITE` naming the image, `RUN_ABORTED` when the signal stopped it, and what planning,
 *   images and `body` throw.
 */
export async function withPredictor<T>(options: PredictorOptions, body: (predict: Predict) => Promise<T>): Promise<T> {
  for (let device = 1; ; device++) {
    const session = new Session(options);
    try {
      return await body((indices, visit) => session.predict(indices, visit));
    } catch (error) {
      if (!isInfnetError(error, 'CONTEXT_LOST') || device >= MOST_DEVICES) throw error;
    } finally {
      session.close();
    }
  }
}

/** Opens a context with the first prediction: not every round needs one. */
class Session {
  readonly #options: PredictorOptions;
  #context: Context | undefined;
  #parameters: ParameterStore | undefined;
  #plan: PredictionPlan | undefined;

  constructor(options: PredictorOptions) {
    this.#options = options;
  }

  async predict(indices: readonly number[], visit: (prediction: Prediction) => unknown): Promise<void> {
    if (indices.length === 0) return;
    this.#plan ??= await this.#prepare();
    await predictAll(this.#plan, this.#options, indices, visit);
  }

  close(): void {
    this.#plan?.dispose();
    this.#parameters?.dispose();
    if (this.#context !== undefined) this.#options.close(this.#context);
  }

  async #prepare(): Promise<PredictionPlan> {
    const { open, net, weights } = this.#options;
    this.#context = await open();
    this.#parameters = new ParameterStore(this.#context, net);
    this.#parameters.load(weights);
    return preparePrediction(this.#context, { ...this.#options, parameters: this.#parameters });
  }
}

async function predictAll(
  plan: PredictionPlan,
  { unlabelled, batchSize, signal }: PredictorOptions,
  indices: readonly number[],
  visit: (prediction: Prediction) => unknown,
): Promise<void> {
  const { width, height } = plan;
  for (let first = 0; first < indices.length; first += batchSize) {
    if (signal?.aborted === true) throw new InfnetError({ code: 'RUN_ABORTED', message: 'labelling was stopped' });
    const part = indices.slice(first, first + batchSize);
    const logits = await plan.run(await unlabelled.images(part), part.length, signal);
    for (const [i, index] of part.entries()) {
      const map = logits.subarray(i * width * height, (i + 1) * width * height);
      assertFinite(map, imageName(unlabelled, index));
      await visit({ index, width, height, probability: probabilities(map) });
    }
  }
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
