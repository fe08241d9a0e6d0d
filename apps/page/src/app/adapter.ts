/** Which adapter the page has, or why it has none. */
import { type Signal, signal } from '@preact/signals';
import type { AdapterReport, WireError } from '../protocol.js';
import { wireOf } from './notices.js';
import { labWorker } from './workers.js';

export const adapter: Signal<AdapterReport | undefined> = signal(undefined);
export const adapterError: Signal<WireError | undefined> = signal(undefined);

export async function findAdapter(): Promise<void> {
  adapterError.value = undefined;
  try {
    adapter.value = await labWorker().ask('adapter', undefined);
  } catch (error) {
    const wire = wireOf(error);
    const isForPagesOnly = wire.code === 'DEVICE_NO_WEBGPU' && 'gpu' in navigator;
    const fix = 'This browser gives WebGPU to pages but not to their workers, where this one computes: update it.';
    adapterError.value = isForPagesOnly ? { ...wire, fix } : wire;
  }
}
