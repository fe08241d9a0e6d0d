/** What a peer is asked, whoever asks: the parent over a pipe in Node, or the process beside a browser's page. */
import type { Loaded, Peer, Prepared, Request, Running, Workload } from './protocol.js';
import { traceWorkload } from './workloads.js';

/** Answers one request at a time. */
export interface Answers {
  answer(request: Request): Promise<unknown>;
}

export class Answerer implements Answers {
  readonly #peer: Peer;
  readonly #memory: () => number;
  #running: Running | undefined;

  /** `memory`: bytes that the process holds, where that can be known. */
  constructor(peer: Peer, memory: () => number = () => 0) {
    this.#peer = peer;
    this.#memory = memory;
  }

  async answer({ name, workload }: Request): Promise<unknown> {
    switch (name) {
      case 'load':
        return this.#load();
      case 'prepare':
        return this.#prepare(workload as Workload);
      case 'sample':
        return this.#sample();
      case 'device':
        return this.#running?.device?.();
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
    const before = this.#memory();
    const begin = performance.now();
    this.#running = await this.#peer.prepare(workload, traced);
    const firstSeconds = (performance.now() - begin) / 1e3;
    const { results, heldBytes, note } = this.#running;
    return { results, heldBytes, note, firstSeconds, processBytes: this.#memory() - before };
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
