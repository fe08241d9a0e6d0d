/** onnxruntime-node, on its WebGPU provider or on the CPU. */
import { peerVersion, requirePeer } from '../installed.js';
import type { Peer, Running, Workload } from '../protocol.js';
import type { Traced } from '../workloads.js';
import { type Ort, prepareSession } from './session.js';

interface OrtNode extends Ort {
  listSupportedBackends(): readonly { readonly name: string; readonly bundled?: boolean }[];
}

const NAME = 'onnxruntime-node';

export class OrtNodePeer implements Peer {
  readonly differentiates: boolean = false;
  readonly #provider: 'webgpu' | 'cpu';
  #ort: Ort | undefined;

  constructor(provider: 'webgpu' | 'cpu') {
    this.#provider = provider;
  }

  async load(): Promise<{ description: string; version: string }> {
    const ort = requirePeer(NAME) as OrtNode;
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

  prepare(workload: Workload, traced: Traced): Promise<Running> {
    const options = {
      executionProviders: [this.#provider],
      // Threads that wait must not take the cores from the peer whose turn it is.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    };
    return prepareSession(this.#ort as Ort, `${NAME} ${peerVersion(NAME)}`, options, workload, traced);
  }
}
