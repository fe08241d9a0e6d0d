/** onnxruntime-node, on its WebGPU provider or on the CPU, with the ONNX file of the same traced graph. */
import { exportOnnx } from '@infnet/checkpoint';
import { InfnetError } from '@infnet/core';
import { peerVersion, requirePeer } from './installed.js';
import type { Peer, Running, Workload } from './protocol.js';
import type { Traced } from './workloads.js';

interface OrtTensor {
  readonly data: Float32Array;
}

type OrtResults = Readonly<Record<string, OrtTensor>>;

interface OrtSession {
  run(feeds: OrtResults, fetches: readonly string[]): Promise<OrtResults>;
  release(): Promise<void>;
}

interface Ort {
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OrtTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
  readonly TrainingSession?: unknown;
  listSupportedBackends(): readonly { readonly name: string; readonly bundled?: boolean }[];
}

const NAME = 'onnxruntime-node';

export class OrtPeer implements Peer {
  readonly differentiates: boolean = false;
  readonly #provider: 'webgpu' | 'cpu';
  #ort: Ort | undefined;

  constructor(provider: 'webgpu' | 'cpu') {
    this.#provider = provider;
  }

  async load(): Promise<{ description: string; version: string }> {
    const ort = requirePeer(NAME) as Ort;
    const backends = ort.listSupportedBackends().map(({ name }) => name);
    if (!backends.includes(this.#provider)) {
      throw new Error(`${NAME} offers the backends ${backends.join(', ')} here, not ${this.#provider}`);
    }
    this.#ort = ort;
    const version = peerVersion(NAME);
    const driver = process.env['VK_DRIVER_FILES'];
    const on =
      this.#provider === 'cpu' ? 'CPU provider' : `WebGPU provider${driver ? `, Vulkan driver ${driver}` : ''}`;
    return { description: `${NAME} ${version}, ${on}`, version };
  }

  async prepare(workload: Workload, { graph, state, inputs, timed }: Traced): Promise<Running> {
    const ort = this.#ort as Ort;
    if (workload.kind === 'step' || workload.kind === 'gradients') {
      const message = `${NAME} ${peerVersion(NAME)} computes no gradients: TrainingSession is ${String(ort.TrainingSession)}`;
      throw new InfnetError({ code: 'BENCH_PEER', message });
    }
    const session = await ort.InferenceSession.create(exportOnnx(graph, state()), {
      executionProviders: [this.#provider],
      // Threads that wait must not take the cores from the peer whose turn it is.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 3,
    });
    const feeds = Object.fromEntries(
      [...graph.inputs].map(([name, { shape }]) => [
        name,
        new ort.Tensor('float32', inputs[name] as Float32Array, shape),
      ]),
    );
    const outputs = [...graph.outputs.keys()].filter((name) => name !== 'rows');
    const found = await session.run(feeds, outputs);
    return {
      results: Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data])),
      run: async () => void (await session.run(feeds, timed)),
      release: () => session.release(),
    };
  }
}
