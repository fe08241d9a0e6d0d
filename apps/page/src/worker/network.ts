/** The loaded weights on the device: put there when needed, and again after the device was lost. */
import { InfnetError, ParameterStore, Predictor, type Tensor } from '@infnet/core';
import type { Gpu } from './gpu.js';
import type { LoadedWeights } from './weights.js';

interface Predicting {
  readonly weights: LoadedWeights;
  readonly predictor: Predictor;
  dispose(): void;
}

export class Network {
  readonly #gpu: Gpu;
  #weights: LoadedWeights | undefined;
  #predicting: Predicting | undefined;

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
   * What answers with these weights: `logits`, and `edge` of nets that tell borders. Those of others leave the device.
   *
   * @throws InfnetError `WEIGHTS_MISSING`
   */
  predictor(weights: LoadedWeights | undefined): Predictor {
    if (weights === undefined) {
      const fix = 'Load weights: a .pth or .safetensors of Inf-Net.';
      throw new InfnetError({ code: 'WEIGHTS_MISSING', message: 'No weights are loaded.', fix });
    }
    if (this.#predicting?.weights !== weights) {
      this.#predicting?.dispose();
      this.#predicting = this.#predict(weights);
    }
    return this.#predicting.predictor;
  }

  #predict(weights: LoadedWeights): Predicting {
    const { net, state } = weights;
    let store: ParameterStore | undefined;
    const predictor = new Predictor({
      forward(inputs): Readonly<Record<string, Tensor>> {
        const { logits, edge } = net.forward(inputs);
        return edge === undefined ? { logits } : { logits, edge };
      },
      parameters: async () => {
        const context = await this.#gpu.context();
        if (store?.context === context) return store;
        store?.dispose();
        store = new ParameterStore(context, net.module);
        store.load(state);
        return store;
      },
      // One size is chosen, and the largest nets fill a device.
      plans: 1,
    });
    return {
      weights,
      predictor,
      dispose() {
        predictor.dispose();
        store?.dispose();
      },
    };
  }
}
