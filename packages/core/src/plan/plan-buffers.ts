/** The GPU buffers of a plan: where every storage lies, how inputs get in and outputs get out. */
import type { Context } from '../context/context.js';
import type { Storage } from '../graph/operator.js';
import type { Parameter } from '../module/parameter.js';
import type { ParameterStore } from '../module/parameter-store.js';
import { plainMemory, type TensorData } from '../tensor/host-data.js';
import type { BufferArena } from './arena.js';
import { type Bind, type Bindings, bindBuffers } from './bindings.js';
import type { BufferRange } from './commands.js';
import { checkInputs, type GivenInput, type RunInputs } from './inputs.js';
import { Readbacks } from './readback.js';
import type { Schedule } from './schedule.js';

const STORAGE_COPY_BOTH = 0x80 | 0x08 | 0x04; // STORAGE | COPY_DST | COPY_SRC

export interface PlanBufferOptions {
  readonly storeOf: (parameter: Parameter) => ParameterStore;
  readonly bind: Bind;
  readonly arena?: BufferArena | undefined;
  readonly memoryBudget?: number | undefined;
}

export class PlanBuffers {
  readonly #context: Context;
  readonly #schedule: Schedule;
  readonly #options: PlanBufferOptions;
  readonly #bound: ReadonlySet<string>;
  readonly #owned: GPUBuffer[] = [];
  readonly #ranges = new Map<Storage, BufferRange>();
  #bindings: Bindings | undefined;
  #readbacks: Readbacks | undefined;

  constructor(context: Context, schedule: Schedule, options: PlanBufferOptions) {
    this.#context = context;
    this.#schedule = schedule;
    this.#options = options;
    this.#bound = new Set(Object.keys(options.bind));
  }

  /**
   * Creates every buffer that a run needs.
   * @throws InfnetError `PLAN_INPUT`, `BUFFER_...` for a wrong binding, `MEMORY_LIMIT`.
   */
  place(): void {
    const { outputs, allocations, constantStorages, parameters, memory } = this.#schedule;
    const { bind, arena, storeOf, memoryBudget = Number.POSITIVE_INFINITY } = this.#options;
    const { minStorageBufferOffsetAlignment } = this.#context.profile.limits;
    this.#bindings = bindBuffers(this.#schedule, bind, minStorageBufferOffsetAlignment);
    for (const [storage, range] of this.#bindings.ranges) this.#ranges.set(storage, range);
    for (const [i, { bytes, storages }] of allocations.entries()) {
      const buffer = arena?.take(i, bytes) ?? this.#create(`plan buffer ${i}`, bytes, STORAGE_COPY_BOTH);
      for (const storage of storages) this.#ranges.set(storage, { buffer, offset: 0, size: storage.bytes });
    }
    for (const storage of constantStorages) {
      const buffer = this.#create(`constant ${storage.label}`, storage.bytes, STORAGE_COPY_BOTH);
      this.#ranges.set(storage, { buffer, offset: 0, size: storage.bytes });
    }
    for (const [parameter, storage] of parameters) {
      const { buffer, offset, bytes } = storeOf(parameter).slot(parameter);
      this.#ranges.set(storage, { buffer, offset, size: Math.max(4, bytes) });
    }
    this.#readbacks = new Readbacks({
      context: this.#context,
      outputs: new Map([...outputs].filter(([name]) => !this.#bound.has(name))),
      room: memoryBudget - memory.total,
      rangeOf: ({ storage }) => this.range(storage),
    });
  }

  /** What reads outputs back. */
  get readbacks(): Readbacks {
    return this.#readbacks as Readbacks;
  }

  /** Buffers of a host's, and what they are bound as. */
  get hostBuffers(): Bindings['buffers'] {
    return this.#bindings?.buffers ?? new Map();
  }

  /** Takes over a buffer that lives as long as the plan. */
  own(buffer: GPUBuffer): GPUBuffer {
    this.#owned.push(buffer);
    return buffer;
  }

  range(storage: Storage): BufferRange {
    const range = this.#ranges.get(storage);
    if (range === undefined) throw new Error(`storage "${storage.label}" was not placed`);
    return range;
  }

  /** @throws InfnetError `PLAN_INPUT`, and what the graph's checks of inputs throw (`LABEL_RANGE`). */
  check(given: RunInputs): GivenInput[] {
    const { inputs, graph } = this.#schedule;
    const checked = checkInputs(inputs, this.#bound, given);
    for (const [name, view] of inputs) {
      if (this.#bound.has(name)) continue;
      for (const check of graph.inputChecks.get(name) ?? []) check(given[name] as TensorData, name, view.type.shape);
    }
    return checked;
  }

  /** Uploads inputs. The queue copies them now, so that the caller may change them afterwards. */
  write(inputs: readonly GivenInput[]): void {
    for (const { view, data } of inputs) {
      const { buffer, offset } = this.range(view.storage);
      this.#context.device.queue.writeBuffer(buffer, offset, plainMemory(data) as Float32Array<ArrayBuffer>);
    }
  }

  /** Copies what outputs in buffers of a host's are not computed in. */
  encodeCopies(encoder: GPUCommandEncoder): void {
    for (const { from, to } of this.#bindings?.copies ?? []) {
      const { buffer, offset } = this.range(from);
      encoder.copyBufferToBuffer(buffer, offset, to.buffer, to.offset, to.size);
    }
  }

  destroy(): void {
    this.#readbacks?.destroy();
    for (const buffer of this.#owned) this.#context.destroyBuffer(buffer);
  }

  #create(label: string, size: number, usage: number): GPUBuffer {
    return this.own(this.#context.createBuffer({ label, size, usage }));
  }
}
