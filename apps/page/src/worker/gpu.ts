/** The worker's device: opened when it is first needed, and again after it was lost. */
import { type Context, open } from '@infnet/core';
import type { AdapterReport, MemoryReport } from '../protocol.js';

export class Gpu {
  readonly #onLost: (reason: string) => void;
  #context: Promise<Context> | undefined;

  constructor(onLost: (reason: string) => void) {
    this.#onLost = onLost;
  }

  /** @throws InfnetError `DEVICE_NO_WEBGPU`, `DEVICE_NO_ADAPTER`, `DEVICE_REFUSED` */
  async context(): Promise<Context> {
    const known = await this.#context?.catch(() => undefined);
    if (known?.status === 'alive') return known;
    known?.dispose();
    const opening = this.openAnother();
    this.#context = opening;
    return opening;
  }

  /** A device of its own, for who disposes it: a training. */
  async openAnother(): Promise<Context> {
    const context = await open({ onMessage: () => {} });
    void context.device.lost.then(({ reason, message }) => {
      // A context that is disposed on purpose destroys its device too.
      if (context.status === 'disposed') return;
      this.#onLost(message === '' ? reason : message);
    });
    this.#last = context;
    return context;
  }

  #last: Context | undefined;

  /** For tests. */
  destroy(): void {
    this.#last?.device.destroy();
  }

  async memory(): Promise<MemoryReport> {
    const context = await this.#context;
    if (context === undefined) return { bytes: 0, buffers: 0, pipelines: 0 };
    return { ...context.memory, pipelines: context.pipelines.size };
  }

  async report(): Promise<AdapterReport> {
    const { adapter, device } = await this.context();
    const limits: Record<string, number> = {};
    // Limits are getters of the prototype.
    for (const name in device.limits) {
      const value = (device.limits as unknown as Readonly<Record<string, unknown>>)[name];
      if (typeof value === 'number') limits[name] = value;
    }
    const { kind, software, vendor, architecture, description } = adapter;
    return {
      name: adapter.message.replace(/^infnet: /, ''),
      kind,
      software,
      vendor,
      architecture,
      device: adapter.device,
      description,
      features: [...device.features].sort(),
      limits,
    };
  }
}
