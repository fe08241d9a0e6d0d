/** A task of a visitor's own, as small as one gets: two convolutions that tell three classes. */
import { Conv2d } from '@infnet/conv';
import { Module, type Tensor } from '@infnet/core';
import { relu } from '@infnet/nn';
import { defineTask, inputNamed, type SegmentationTask } from '@infnet/segmentation';
import { crossEntropy } from '@infnet/trainer';

class Small extends Module<readonly [Tensor], Tensor> {
  readonly first: Conv2d;
  readonly last: Conv2d;

  constructor(channels: number) {
    super();
    this.first = new Conv2d(3, channels, 3, { padding: 1 });
    this.last = new Conv2d(channels, 3, 1);
  }

  override forward(image: Tensor): Tensor {
    return this.last.call(relu(this.first.call(image)));
  }
}

const tissue: SegmentationTask = defineTask({
  name: 'tissue',
  summary: 'ground-glass and consolidation, by two convolutions',
  classes: [
    { name: 'background', colour: [0, 0, 0] },
    { name: 'ground-glass opacity', short: 'ground-glass', colour: [240, 72, 40] },
    { name: 'consolidation', colour: [84, 224, 128] },
  ],
  netOptions: [{ name: 'width', summary: 'channels between the convolutions', value: 8 }],
  net: ({ width }) => new Small(Number(width)),
  logits: (net, inputs) => net.call(inputNamed(inputs, 'image')),
  loss: (net, batch) => crossEntropy(net.call(inputNamed(batch, 'image')), inputNamed(batch, 'classes')),
});

export default tissue;
