/** The loaded weights on the device, planned for one size: made when needed, made anew after the device was lost. */
import { type Context, ParameterStore } from '@infnet/core';
import { InfnetError } from '@infnet/errors';
import { type Prediction, planPrediction } from '@infnet/inf-net';
import type { Progress } from '../protocol.js';
import type { Gpu } from './gpu.js';
import type { LoadedWeights } from './weights.js';

interface Planned {
  readonly context: Context;
  readonly weights: LoadedWeights;
  readonly size: number;
  readonly parameters: ParameterStore;
  readonly prediction: Prediction;
}

export class Network {
  readonly #gpu: Gpu;
  #weights: LoadedWeights | undefined;
  #planned: Planned | undefined;
  #planning: Promise<unknown> = Promise.resolve();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  get weights(): LoadedWeights | undefined {
    return this.#weights;
  }

  use(weights: LoadedWeights): void {
    this.#weights = weights;
  }

  /**
   * Prediction and edge of one slice at a time.
   * @throws InfnetError `WEIGHTS_MISSING`, `SHAPE_MULTIPLE`, `MEMORY_...`, ...
   */
  async prediction(
    weights: LoadedWeights | undefined,
    size: number,
    onProgress: (progress: Progress) => void,
  ): Promise<Prediction> {
    const result = this.#planning.then(() => this.#plan(weights, size, onProgress));
    this.#planning = result.catch(() => {});
    return result;
  }

  async #plan(
    weights: LoadedWeights | undefined,
    size: number,
    onProgress: (progress: Progress) => void,
  ): Promise<Prediction> {
    if (weights === undefined) {
      const fix = 'Load weights: a .pth or .safetensors of Inf-Net.';
      throw new InfnetError({ code: 'WEIGHTS_MISSING', message: 'No weights are loaded.', fix });
    }
    const context = await this.#gpu.context();
    const known = this.#planned;
    if (known?.context === context && known.weights === weights && known.size === size) return known.prediction;
    if (known !== undefined) {
      known.prediction[Symbol.dispose]();
      known.parameters.dispose();
      this.#planned = undefined;
    }
    const parameters = new ParameterStore(context, weights.net);
    try {
      parameters.load(weights.state);
      const prediction = await planPrediction(context, weights.net, parameters, {
        size,
        batch: 1,
        edge: true,
        onProgress: ({ done, total }) => onProgress({ what: 'Compiling GPU programs', done, total }),
      });
      this.#planned = { context, weights, size, parameters, prediction };
      return prediction;
    } catch (error) {
      parameters.dispose();
      throw error;
    }
  }
}
