/**
 * Three classes by the net of `examples/custom-net`, for `infnet train|segment|evaluate|pseudo-label|export --task`.
 */
import { resizePillow, toGrey8 } from '@infnet/data';
import { defineTask, inputNamed, type SegmentationTask } from '@infnet/segmentation';
import { crossEntropy } from '@infnet/trainer';
import { CustomNet } from '../../custom-net/src/net.js';

const lesions: SegmentationTask = defineTask({
  name: 'lesions',
  summary: 'ground-glass and consolidation, from the slice alone',
  classes: [
    { name: 'background', colour: [0, 0, 0] },
    { name: 'ground-glass', colour: [240, 72, 40] },
    { name: 'consolidation', colour: [84, 224, 128] },
  ],
  // Volumes: darker than lung tissue is black, bone is white.
  window: [-1100, 300],
  netOptions: [{ name: 'width', summary: 'channels of the stem, a multiple of 8', value: 16 }],
  net: ({ width }) => new CustomNet(Number(width), 3),
  sizeMultiple: 4,
  inputShapes: (size) => ({ image: [1, size, size] }),
  input: ({ image }, size) => ({
    image: Float32Array.from(toGrey8(resizePillow(image, size, size)).data, (grey) => grey / 255),
  }),
  logits: (net, inputs) => net.call(inputNamed(inputs, 'image')).final,
  loss(net, batch) {
    const { final } = net.call(inputNamed(batch, 'image'));
    const entropy = crossEntropy(final, inputNamed(batch, 'classes'));
    return { loss: entropy, parts: { entropy } };
  },
});

export default lesions;
