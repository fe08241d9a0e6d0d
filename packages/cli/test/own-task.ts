/** A task of somebody's own, as `--task` takes it: one convolution that tells three classes apart. */
import { Conv2d } from '@infnet/conv';
import { defineTask, inputNamed, type SegmentationTask } from '@infnet/segmentation';
import { crossEntropy } from '@infnet/trainer';

const task: SegmentationTask = defineTask({
  name: 'lesions',
  classes: [
    { name: 'background', colour: [0, 0, 0] },
    { name: 'ground-glass', colour: [240, 72, 40] },
    { name: 'consolidation', colour: [84, 224, 128] },
  ],
  window: [-1100, 300],
  net: () => new Conv2d(3, 3, 3, { padding: 1 }),
  logits: (net, inputs) => net.call(inputNamed(inputs, 'image')),
  loss: (net, batch) => crossEntropy(net.call(inputNamed(batch, 'image')), inputNamed(batch, 'classes')),
});

export default task;
