/**
 * TensorFlow.js on its WebGPU backend. It computes in NHWC, so input and result are transposed on the device, within
 * the time that is taken.
 */
import { tfjs } from 'peer:tfjs';
import type { Contestant } from '../compare-cases.js';

export async function openTfjs(): Promise<Contestant | undefined> {
  if (tfjs === undefined) return undefined;
  const tf = tfjs;
  if (!(await tf.setBackend('webgpu'))) throw new Error('its WebGPU backend could not be started');
  await tf.ready();
  return {
    version: tf.version_core,
    async prepare({ inChannels, outChannels, extent, kernel, stride }, weight) {
      const filter = tf.tidy(() =>
        tf.transpose(tf.tensor4d(weight, [outChannels, inChannels, kernel, kernel]), [2, 3, 1, 0]),
      );
      return {
        async run(x) {
          const y = tf.tidy(() => {
            const nhwc = tf.transpose(tf.tensor4d(x, [1, inChannels, extent, extent]), [0, 2, 3, 1]);
            return tf.transpose(tf.conv2d(nhwc, filter, stride, (kernel - 1) / 2), [0, 3, 1, 2]);
          });
          const data = await y.data();
          y.dispose();
          return data;
        },
        dispose: () => filter.dispose(),
      };
    },
    dispose: () => tf.removeBackend('webgpu'),
  };
}
