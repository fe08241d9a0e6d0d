/**
 * The context: one GPU device and what infnet made on it. It is the first argument of everything that touches a GPU;
 * nothing is global. `open()` owns its device; `fromDevice()` borrows one and never destroys it.
 */

import { InfnetError, plainMessage } from '@infnet/errors';
import { checkNames } from '../kernel/options.js';
import type { Shape } from '../tensor/types.js';
import type { AdapterDescription } from './adapter.js';
import { BufferLedger, type MemoryUse } from './buffers.js';
import { type DeviceProfile, profileDevice } from './device-profile.js';
import { PipelineCache } from './pipelines.js';
import type { Watch } from './platform.js';
import { assertRoom, type RoomRequest, type RoomSource } from './room.js';
import type { SubgroupMatrix } from './subgroup-matrix.js';
import { assertAdapter, type Tuning } from './tuning.js';
import { watchDevice } from './watchdog.js';
import { checkWrapped, type WrappedBuffer } from './wrapped-buffer.js';

export type ContextStatus = 'alive' | 'lost' | 'disposed';

export class Context {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  readonly pipelines: PipelineCache;
  /** Every submit, and what waits for one. */
  readonly watchdog: Watch;
  #ownsDevice: boolean;
  readonly #buffers = new BufferLedger();
  readonly #room: RoomSource;
  readonly #children = new Set<Disposable>();
  #status: ContextStatus = 'alive';
  #lossReason = '';
  #profile: DeviceProfile;

  /** Use `open()` or `fromDevice()`. */
  constructor(
    device: GPUDevice,
    adapter: AdapterDescription,
    ownsDevice: boolean,
    subgroupMatrix?: SubgroupMatrix | undefined,
    room: RoomSource & { readonly stallSeconds?: number | undefined } = {},
  ) {
    this.device = device;
    this.adapter = adapter;
    const profile = profileDevice(device, { ...adapter, ...subgroupSizes(device) } as unknown as GPUAdapterInfo);
    this.#profile = subgroupMatrix === undefined ? profile : { ...profile, subgroupMatrix };
    this.pipelines = new PipelineCache(device);
    this.#ownsDevice = ownsDevice;
    this.watchdog = watchDevice(adapter, room.stallSeconds, (error) => this.#stalled(error));
    this.#room = room;
    void device.lost.then((info) => {
      this.#lose(`${info.reason}${info.message === '' ? '' : `: ${info.message}`}`);
    });
  }

  /** What plans made from now on know of the device, its tuning included. */
  get profile(): DeviceProfile {
    return this.#profile;
  }

  /**
   * Plans made from now on compute as `tune` found fastest. Other algorithms round differently, so results may differ
   * in their last bits from those without. `undefined` takes every operator's own choice again.
   *
   * @throws InfnetError `TUNING_ADAPTER` when it was made on another adapter.
   */
  useTuning(tuning: Tuning | undefined): void {
    const { tuning: _, ...profile } = this.#profile;
    if (tuning === undefined) {
      this.#profile = profile;
      return;
    }
    assertAdapter(tuning, this.adapter);
    this.#profile = { ...profile, tuning: tuning.choices };
  }

  get status(): ContextStatus {
    return this.#status;
  }

  /** Bytes and buffers that infnet holds on this device. Zero after everything was disposed. */
  get memory(): MemoryUse {
    return this.#buffers.use;
  }

  /**
   * Bytes that can still be allocated, where somebody knows: what is left of `memoryLimit`, or of what the machine has
   * free, on adapters that compute on its CPU.
   */
  get memoryLeft(): number | undefined {
    const { memoryLimit, memoryLeft } = this.#room;
    const { bytes } = this.memory;
    return memoryLimit === undefined ? memoryLeft?.(bytes) : memoryLimit - bytes;
  }

  /** @throws InfnetError `MEMORY_FREE` when it is known that there is less room than for `bytes` more. */
  assertRoom(bytes: number, request: RoomRequest): void {
    assertRoom(this.memoryLeft, bytes, request);
  }

  /** @throws InfnetError `CONTEXT_LOST` or `CONTEXT_DISPOSED`. Called at every entry. */
  assertAlive(where: string): void {
    if (this.#status === 'alive') return;
    if (this.#status === 'lost') {
      throw lostError(this.#lossReason, where);
    }
    throw new InfnetError({
      code: 'CONTEXT_DISPOSED',
      message: 'the context was disposed',
      where,
      fix: 'Dispose the context last, after every plan and parameter store that uses it.',
    });
  }

  /** After a failure that a loss may have caused: waits until a loss would be known. */
  async settleLoss(): Promise<void> {
    const answered = this.device.queue.onSubmittedWorkDone().catch(() => {});
    await Promise.race([this.device.lost, answered]);
    // What heard of the loss first need not be what we asked.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  /** Creates a counted buffer. */
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    this.assertAlive(descriptor.label ?? 'createBuffer');
    return this.#buffers.create(this.device, descriptor);
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.#buffers.destroy(buffer);
  }

  /**
   * A tensor over a buffer of yours, without a copy: pass it to a plan as an input or an output binding.
   *
   * @throws InfnetError `BUFFER_INVALID` for what is not a buffer, `BUFFER_RANGE` when offset or shape do not fit,
   *   `BUFFER_USAGE` when the buffer lacks STORAGE. What only the device knows (destroyed, of another device) is told
   *   when a plan is prepared and run.
   */
  wrapBuffer(buffer: GPUBuffer, options: { readonly offset?: number; readonly shape: Shape }): WrappedBuffer {
    this.assertAlive('wrapBuffer');
    checkNames('wrapBuffer', options ?? {}, ['offset', 'shape']);
    const { offset = 0, shape } = (options ?? {}) as typeof options;
    const wrapped = { buffer, offset, shape };
    checkWrapped(wrapped, this.profile.limits.minStorageBufferOffsetAlignment, 'wrapBuffer');
    return wrapped;
  }

  /** Registers something that must go before the context (a plan, a parameter store). */
  adopt(child: Disposable): void {
    this.#children.add(child);
  }

  release(child: Disposable): void {
    this.#children.delete(child);
  }

  /**
   * Frees everything infnet made on the device; destroys the device only if the context owns it. Idempotent. (A device
   * that did not come to an end is left to the driver: destroying it would wait for that end.)
   */
  dispose(): void {
    if (this.#status === 'disposed') return;
    for (const child of [...this.#children]) child[Symbol.dispose]();
    this.#buffers.destroyAll();
    this.#status = 'disposed';
    if (this.#ownsDevice) this.device.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #lose(reason: string): void {
    if (this.#status !== 'alive') return;
    this.#status = 'lost';
    this.#lossReason = reason;
  }

  /** A device of ours that does not come to an end is lost; one of a host's is the host's to judge. */
  #stalled(error: InfnetError): unknown {
    if (!this.#ownsDevice) return error;
    // Destroying it would wait for the same end.
    this.#ownsDevice = false;
    this.#lose(`stalled: ${plainMessage(error)}`);
    return lostError(this.#lossReason, undefined, error);
  }
}

function lostError(reason: string, where: string | undefined, cause?: InfnetError): InfnetError {
  return new InfnetError({
    code: 'CONTEXT_LOST',
    message: `the GPU device was lost (${reason})`,
    where,
    fix: 'Open a new context, load the parameters again and plan again; results of runs that had ended are safe.',
    cause,
  });
}

function subgroupSizes(device: GPUDevice): Partial<GPUAdapterInfo> {
  const info = (device as { readonly adapterInfo?: GPUAdapterInfo }).adapterInfo;
  return info === undefined ? {} : { subgroupMinSize: info.subgroupMinSize, subgroupMaxSize: info.subgroupMaxSize };
}
