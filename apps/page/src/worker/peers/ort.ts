/** onnxruntime-web on its WebGPU execution provider. */

import { ort, wasmUrl } from 'peer:ort';
import { exportOnnx } from '@infnet/checkpoint';
import { conv2d } from '@infnet/conv';
import { Parameter, trace } from '@infnet/core';
import type { Contestant, ConvCase } from '../compare-cases.js';

export async function openOrt(): Promise<Contestant | undefined> {
  if (ort === undefined) return undefined;
  const { env, Tensor, InferenceSession } = ort;
  env.wasm.wasmPaths = { wasm: wasmUrl };
  env.wasm.numThreads = 1;
  return {
    version: env.versions.web ?? '',
    async prepare(one, weight) {
      const session = await InferenceSession.create(modelOf(one, weight), { executionProviders: ['webgpu'] });
      return {
        async run(values) {
          const { y } = await session.run({ x: new Tensor('float32', values, shapeOf(one)) });
          return (await y?.getData()) as Float32Array;
        },
        dispose: () => void session.release(),
      };
    },
    dispose: () => {},
  };
}

const shapeOf = ({ inChannels, extent }: ConvCase): number[] => [1, inChannels, extent, extent];

function modelOf(one: ConvCase, data: Float32Array): Uint8Array {
  const { inChannels, outChannels, kernel, stride } = one;
  const weight = new Parameter([outChannels, inChannels, kernel, kernel], { init: { kind: 'uniformFanIn' } });
  weight.name = 'weight';
  const graph = trace(({ x }) => ({ y: conv2d(x, weight, undefined, { stride, padding: (kernel - 1) / 2 }) }), {
    x: shapeOf(one),
  });
  return exportOnnx(graph, new Map([['weight', { shape: weight.shape, data }]]));
}
