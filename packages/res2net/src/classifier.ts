import { Module, Parameter, type Tensor } from '@infnet/core';

/**
 * The ImageNet classifier: in every checkpoint of the reference, in no segmentation net's forward. Its parameters are
 * named and counted, and take no memory on the GPU (quirk 6).
 */
export class UnusedClassifier extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(inputs: number, classes: number) {
    super();
    const init = { kind: 'uniformFanIn', fanIn: inputs } as const;
    this.weight = new Parameter([classes, inputs], { init, unused: true });
    this.bias = new Parameter([classes], { init, unused: true });
  }

  /** Passes its input: nothing is computed. */
  override forward(x: Tensor): Tensor {
    return x;
  }
}
