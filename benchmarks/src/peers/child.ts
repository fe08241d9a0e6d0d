/** The process of one peer: answers the parent's requests, one at a time. */
import { InfnetPeer } from './infnet.js';
import type { Loaded, Peer, PeerName, Prepared, Reply, Request, Running, Workload } from './protocol.js';
import { traceWorkload } from './workloads.js';

/** Loaded when it is this process's turn to be that peer. */
const MAKERS: Readonly<Record<PeerName, () => Promise<Peer>>> = {
  infnet: async () => new InfnetPeer('exact'),
  'infnet-fast': async () => new InfnetPeer('fast'),
  'ort-webgpu': async () => new (await import('./ort.js')).OrtPeer('webgpu'),
  'ort-cpu': async () => new (await import('./ort.js')).OrtPeer('cpu'),
  tfjs: async () => new (await import('./tfjs/peer.js')).TfjsPeer(),
  'torch-cpu': async () => new (await import('./torch/peer.js')).TorchPeer('cpu'),
  'torch-cuda': async () => new (await import('./torch/peer.js')).TorchPeer('cuda'),
  'torch-compile': async () => new (await import('./torch/peer.js')).TorchPeer('cuda-compile'),
};

class Child {
  readonly #peer: Peer;
  #running: Running | undefined;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  async answer({ name, argument }: Request): Promise<unknown> {
    switch (name) {
      case 'load':
        return this.#load();
      case 'prepare':
        return this.#prepare(argument as Workload);
      case 'sample':
        return this.#sample();
      case 'release':
        return this.#release();
      case 'ceilings':
        return this.#peer.ceilings?.();
    }
  }

  async #load(): Promise<Loaded> {
    const begin = performance.now();
    const loaded = await this.#peer.load();
    return { ...loaded, seconds: (performance.now() - begin) / 1e3 };
  }

  async #prepare(workload: Workload): Promise<Prepared> {
    await this.#release();
    // Made before the clock starts: weights come from a file elsewhere, and tracing takes milliseconds.
    const traced = traceWorkload(workload, { forwardOnly: this.#peer.differentiates });
    traced.state();
    const before = process.memoryUsage.rss();
    const begin = performance.now();
    this.#running = await this.#peer.prepare(workload, traced);
    const firstSeconds = (performance.now() - begin) / 1e3;
    const { results, heldBytes } = this.#running;
    return { results, heldBytes, firstSeconds, processBytes: process.memoryUsage.rss() - before };
  }

  async #sample(): Promise<number> {
    const begin = performance.now();
    await this.#running?.run();
    return (performance.now() - begin) / 1e3;
  }

  async #release(): Promise<undefined> {
    const running = this.#running;
    this.#running = undefined;
    await running?.release();
  }
}

/** Serves until the parent goes. */
export async function serve(name: PeerName): Promise<void> {
  const child = new Child(await MAKERS[name]());
  process.on('message', (request: Request) => {
    const reply = (answer: Reply): void => void process.send?.(answer);
    child.answer(request).then(
      (value) => reply({ id: request.id, ok: true, value }),
      (error: unknown) => reply({ id: request.id, ok: false, error: messageOf(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
