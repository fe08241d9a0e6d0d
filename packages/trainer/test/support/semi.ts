/** A propagation small enough to run many times in a test: 4 labelled discs, 7 without a mask. */
import { Conv2d } from '@infnet/conv';
import { Module, type StateDict, type Tensor } from '@infnet/core';
import {
  bceWithLogits,
  constant,
  type PropagationOptions,
  type PropagationResult,
  type PropagationState,
  type PseudoLabelStore,
  SGD,
  type UnlabelledData,
} from '../../src/index.js';
import { discs, SIZE, smallTraining } from './small.js';

export const LABELLED = 4;
export const UNLABELLED = 7;

/** One convolution, so that a prediction in training mode is that in inference mode. */
export class PlainNet extends Module {
  readonly conv: Conv2d = new Conv2d(1, 1, 3, { padding: 1 });

  override forward(x: Tensor): Tensor {
    return this.conv.call(x);
  }
}

/** The images of other discs. */
export function unlabelledDiscs(length: number = UNLABELLED, spoiled?: number): UnlabelledData {
  const data = discs(100);
  return {
    length,
    name: (index) => `slice-${index}.png`,
    async images(indices) {
      const items = indices.map((index) => ({ index: 50 + index, epoch: 0, seed: 0 }));
      const image = (await data.batch(items))['image'] as Float32Array;
      const at = spoiled === undefined ? -1 : indices.indexOf(spoiled);
      if (at >= 0) image.fill(Number.NaN, at * SIZE * SIZE, at * SIZE * SIZE + 12);
      return image;
    },
  };
}

/** Options on the shared context; a fresh net each time, and every stage short. */
export function smallPropagation(
  options: Partial<PropagationOptions> = {},
  net: Module = new PlainNet(),
): PropagationOptions {
  const { open, close } = smallTraining();
  const learningRate = constant(0.1);
  const stage = { epochs: 1, batchSize: 4, learningRate };
  return {
    open,
    close: close as NonNullable<typeof close>,
    net,
    labelled: discs(LABELLED),
    unlabelled: unlabelledDiscs(),
    loss: ({ image, mask }) => bceWithLogits(net.call(image as Tensor), mask as Tensor),
    logits: ({ image }) => net.call(image),
    stages: { labelled: { ...stage, epochs: 2 }, rounds: stage, pseudo: stage, finetune: stage },
    training: { optimizer: (parameters) => new SGD(parameters, { momentum: 0.9 }), scales: [1], lastBatch: 'drop' },
    seed: 3,
    ...options,
  };
}

/** A store as a folder is one: it keeps copies. */
export function copyingStore(): PseudoLabelStore & { readonly labels: Map<number, Uint8Array> } {
  const labels = new Map<number, Uint8Array>();
  return {
    labels,
    get: async (index) => {
      const data = labels.get(index);
      return data && { width: SIZE, height: SIZE, channels: 1, data: data.slice() };
    },
    put: async (index, { data }) => void labels.set(index, data.slice()),
  };
}

/** What must be equal to the bit at the end. */
export const ending = (
  result: PropagationResult,
): Pick<PropagationState, 'stages' | 'rounds'> & { weights: StateDict } => ({
  stages: result.state.stages,
  rounds: result.state.rounds,
  weights: result.weights as StateDict,
});
