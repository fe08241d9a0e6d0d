/** onnxruntime-web on its WebGPU execution provider. */
import { ort, wasmUrl } from 'peer:ort';
import type { Contestant } from '../compare-cases.js';
import { onnxConv } from './onnx-conv.js';

export async function openOrt(): Promise<Contestant | undefined> {
  if (ort === undefined) return undefined;
  const { env, Tensor, InferenceSession } = ort;
  env.wasm.wasmPaths = { wasm: wasmUrl };
  env.wasm.numThreads = 1;
  return {
    version: env.versions.web ?? '',
    async prepare(one, weight) {
      const session = await InferenceSession.create(onnxConv(one, weight), { executionProviders: ['webgpu'] });
      const shape = [1, one.inChannels, one.extent, one.extent];
      return {
        async run(values) {
          const x = new Tensor('float32', values, shape);
          const { y } = await session.run({ x });
          return (await y?.getData()) as Float32Array;
        },
        dispose: () => void session.release(),
      };
    },
    dispose: () => {},
  };
}
