/** The processes of all peers that take part. One that died is started again for the next case. */

import type { Asked } from './alternate.js';
import { type Patience, PeerProcess } from './parent.js';
import type { CeilingPeer, Ceilings, Loaded, PeerName, Prepared, Workload } from './protocol.js';
import { vulkanDriver } from './vulkan-driver.js';

export interface PoolOptions {
  /** This program. */
  readonly program: string;
  readonly patience: Patience;
  readonly environment?: Readonly<Record<string, string>>;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #processes = new Map<PeerName, PeerProcess>();
  readonly #loaded = new Map<PeerName, Loaded>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** What each loaded peer says of itself. */
  get loaded(): ReadonlyMap<PeerName, Loaded> {
    return this.#loaded;
  }

  asked(name: PeerName): Asked {
    return {
      name,
      prepare: async (workload: Workload, share: number): Promise<Prepared> =>
        (await this.load(name, share)).ask('prepare', workload, share),
      sample: async () => (await this.load(name)).ask('sample'),
      device: async () => (await this.load(name)).ask('device'),
      release: async () => void (await this.#processes.get(name)?.ask('release')),
    };
  }

  /** Of the adapter that the peer has. */
  async ceilings(name: CeilingPeer): Promise<Ceilings> {
    return (await this.load(name)).ask('ceilings');
  }

  /** The peer's process, started and loaded. @throws Error of the library's loading. */
  async load(name: PeerName, share = 1): Promise<PeerProcess> {
    const known = this.#processes.get(name);
    if (known?.alive) return known;
    const { program, patience, environment } = this.#options;
    if (patience.seconds(share) <= 0) throw new Error(patience.reason ?? 'no time');
    const drivers = name === 'ort-webgpu' ? await vulkanDriver() : {};
    const started = new PeerProcess(program, name, { environment: { ...environment, ...drivers }, patience });
    this.#processes.set(name, started);
    try {
      this.#loaded.set(name, await started.ask('load', undefined, share));
    } catch (error) {
      await started.end();
      throw error;
    }
    return started;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.end()));
    this.#processes.clear();
  }
}
