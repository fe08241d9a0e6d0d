import { captureErrors } from '../context/capture.js';
import type { Context } from '../context/context.js';
import { deviceError } from './store-checks.js';

const MAP_READ_COPY_DST = 0x01 | 0x08;

/**
 * Copies whole buffers to where JavaScript can read them, submitted before this returns.
 *
 * @param extract gets the bytes by buffer; they are gone when it returns.
 * @throws InfnetError `MEMORY_DEVICE`, `PARAMETER_READ`; what mapping throws when the device is gone.
 */
export function readBuffers<T>(
  context: Context,
  buffers: Iterable<GPUBuffer>,
  extract: (memory: ReadonlyMap<GPUBuffer, ArrayBuffer>) => T,
): Promise<T> {
  const { device } = context;
  const copies = new Map<GPUBuffer, GPUBuffer>();
  const { fault } = captureErrors(device, () => {
    const encoder = device.createCommandEncoder({ label: 'readback' });
    for (const buffer of buffers) {
      const { label, size } = buffer;
      const copy = context.createBuffer({ label: `readback of ${label}`, size, usage: MAP_READ_COPY_DST });
      copies.set(buffer, copy);
      encoder.copyBufferToBuffer(buffer, 0, copy, 0, size);
    }
    device.queue.submit([encoder.finish()]);
  }, ['out-of-memory', 'validation']);
  const mapped = [...copies.values()].map((copy) => copy.mapAsync(0x01));
  const finish = async (): Promise<T> => {
    try {
      const outcomes = await context.watchdog.wait(Promise.allSettled(mapped));
      const failed = await fault;
      if (failed !== undefined)
        throw deviceError('PARAMETER_READ', failed, 'Report this with the output of `infnet doctor`.');
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      return extract(new Map([...copies].map(([buffer, copy]) => [buffer, copy.getMappedRange()])));
    } finally {
      for (const copy of copies.values()) context.destroyBuffer(copy);
    }
  };
  return finish();
}
