/** Counted GPU buffers: every byte that a context allocates is known, so that leaks are tests, not guesses. */
import { InfnetError } from '@infnet/errors';

/** What a context has allocated through infnet, now and at most. */
export interface MemoryUse {
  readonly bytes: number;
  readonly buffers: number;
  readonly peakBytes: number;
}

export class BufferLedger {
  readonly #live = new Map<GPUBuffer, number>();
  #bytes = 0;
  #peak = 0;

  /**
   * Creates and counts a buffer. @throws InfnetError `MEMORY_LIMIT` when the device's maxBufferSize is smaller.
   */
  create(device: GPUDevice, descriptor: GPUBufferDescriptor): GPUBuffer {
    const limit = device.limits.maxBufferSize;
    if (descriptor.size > limit) {
      throw new InfnetError({
        code: 'MEMORY_LIMIT',
        message: `a buffer of ${descriptor.size} bytes is over this device's maxBufferSize of ${limit} bytes`,
        where: descriptor.label ?? 'buffer',
        fix: 'Use a smaller batch or image size.',
        details: { bytes: descriptor.size, limit },
      });
    }
    const buffer = device.createBuffer(descriptor);
    this.#live.set(buffer, descriptor.size);
    this.#bytes += descriptor.size;
    this.#peak = Math.max(this.#peak, this.#bytes);
    return buffer;
  }

  destroy(buffer: GPUBuffer): void {
    const bytes = this.#live.get(buffer);
    if (bytes === undefined) return;
    this.#live.delete(buffer);
    this.#bytes -= bytes;
    buffer.destroy();
  }

  destroyAll(): void {
    for (const buffer of [...this.#live.keys()]) this.destroy(buffer);
  }

  get use(): MemoryUse {
    return { bytes: this.#bytes, buffers: this.#live.size, peakBytes: this.#peak };
  }
}
