/** The tiniest task: one convolution that tells what is infected. */
import { Conv2d } from '@infnet/conv';
import { sigmoid } from '@infnet/nn';
import { defineTask, inputNamed } from '@infnet/segmentation';
import { bce } from '@infnet/trainer';

export default defineTask({
  name: 'soak',
  classes: [
    { name: 'background', colour: [0, 0, 0] },
    { name: 'infection', colour: [240, 72, 40] },
  ],
  net: () => new Conv2d(3, 1, 3, { padding: 1 }),
  logits: (net, inputs) => net.call(inputNamed(inputs, 'image')),
  loss: (net, batch) => bce(sigmoid(net.call(inputNamed(batch, 'image'))), inputNamed(batch, 'mask')),
});
