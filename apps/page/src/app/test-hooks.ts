/** What tests ask of the page, with `?test` in its address: to lose the device, and how much memory is held. */

import { items, segmentAll } from '../places/segment/state.js';
import type { MemoryReport } from '../protocol.js';
import { labWorker, trainWorker } from './workers.js';

export interface TestHooks {
  destroyDevice(which: 'lab' | 'train'): Promise<void>;
  memory(): Promise<MemoryReport>;
  /** Segments everything again. */
  segmentAgain(): Promise<void>;
}

export function testHooks(): void {
  if (!new URLSearchParams(location.search).has('test')) return;
  const hooks: TestHooks = {
    async destroyDevice(which) {
      await (which === 'lab' ? labWorker() : trainWorker()).ask('destroyDevice', undefined);
    },
    async segmentAgain() {
      items.value = items.value.map((item) => ({ ...item, status: 'new' }));
      await segmentAll();
    },
    memory: () => labWorker().ask('memory', undefined),
  };
  Object.assign(globalThis, { infnetTest: hooks });
}
