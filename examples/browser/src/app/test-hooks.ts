/** What tests ask of the page, with `?test` in its address: to lose the device, and how much memory is held. */
import type { MemoryReport } from '../protocol.js';
import { labWorker, trainWorker } from './workers.js';

export interface TestHooks {
  destroyDevice(which: 'lab' | 'train'): Promise<void>;
  memory(): Promise<MemoryReport>;
}

export function testHooks(): void {
  if (!new URLSearchParams(location.search).has('test')) return;
  const hooks: TestHooks = {
    async destroyDevice(which) {
      await (which === 'lab' ? labWorker() : trainWorker()).ask('destroyDevice', undefined);
    },
    memory: () => labWorker().ask('memory', undefined),
  };
  Object.assign(globalThis, { infnetTest: hooks });
}
