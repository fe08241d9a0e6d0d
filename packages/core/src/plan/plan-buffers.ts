/** The GPU buffers of a plan: where every storage lies, how inputs get in and outputs get out. */
import { InfnetError } from '@infnet/errors';
import type { Context, WrappedBuffer } from '../context/context.js';
import type { Storage, View } from '../graph/operator.js';
import type { Parameter } from '../module/parameter.js';
import type { ParameterStore } from '../module/parameter-store.js';
import { elementCount, formatShape, type HostDType, sameShape, type TensorType } from '../tensor/types.js';
import type { BufferArena } from './arena.js';
import type { BufferRange } from './commands.js';
import type { Schedule } from './schedule.js';

/** Input or output data of a run. */
export type TensorData = Float32Array | Uint32Array | Int32Array;

/** Inputs by name. An input bound to a buffer of yours is left out. */
export type RunInputs = Readonly<Record<string, TensorData>>;

const STORAGE_COPY_BOTH = 0x80 | 0x08 | 0x04; // STORAGE | COPY_DST | COPY_SRC
const MAP_READ_COPY_DST = 0x01 | 0x08;
const MAP_MODE_READ = 0x01;

const ARRAYS = { f32: Float32Array, u32: Uint32Array, i32: Int32Array } as const;

/** Inputs and outputs are never float16: only the planner makes such tensors, from constants. */
function arrayOf({ dtype }: TensorType): (typeof ARRAYS)[HostDType] {
  return ARRAYS[dtype as HostDType];
}

/** `Float32Array`, `Array`, ...: also for arrays of another frame or realm, where `instanceof` fails. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

export interface PlanBufferOptions {
  readonly stores: readonly ParameterStore[];
  readonly bind: Readonly<Record<string, WrappedBuffer>>;
  readonly arena?: BufferArena | undefined;
}

export class PlanBuffers {
  readonly #context: Context;
  readonly #schedule: Schedule;
  readonly #options: PlanBufferOptions;
  readonly #owned: GPUBuffer[] = [];
  readonly #ranges = new Map<Storage, BufferRange>();
  readonly #staging = new Map<string, GPUBuffer>();

  constructor(context: Context, schedule: Schedule, options: PlanBufferOptions) {
    this.#context = context;
    this.#schedule = schedule;
    this.#options = options;
  }

  /** Creates every buffer that a run needs. @throws InfnetError `PLAN_INPUT` for a wrong binding, `MEMORY_LIMIT`. */
  place(): void {
    const { inputs, outputs, allocations, constantStorages, parameters } = this.#schedule;
    const { bind, arena } = this.#options;
    for (const [name, wrapped] of Object.entries(bind)) {
      const storage = this.#boundStorage(name, inputs.get(name) ?? outputs.get(name), wrapped);
      const { buffer, offset, shape } = wrapped;
      this.#ranges.set(storage, { buffer, offset, size: elementCount(shape) * 4 });
    }
    for (const [i, { bytes, storages }] of allocations.entries()) {
      const buffer = arena?.take(i, bytes) ?? this.#create(`plan buffer ${i}`, bytes, STORAGE_COPY_BOTH);
      for (const storage of storages) this.#ranges.set(storage, { buffer, offset: 0, size: storage.bytes });
    }
    for (const storage of constantStorages) {
      const buffer = this.#create(`constant ${storage.label}`, storage.bytes, STORAGE_COPY_BOTH);
      this.#ranges.set(storage, { buffer, offset: 0, size: storage.bytes });
    }
    for (const [parameter, storage] of parameters) {
      const { buffer, offset, bytes } = this.#storeOf(parameter).slot(parameter);
      this.#ranges.set(storage, { buffer, offset, size: Math.max(4, bytes) });
    }
    for (const [name, { storage }] of outputs) {
      if (!(name in bind)) this.#staging.set(name, this.#create(`readback ${name}`, storage.bytes, MAP_READ_COPY_DST));
    }
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

  /**
   * Uploads all inputs. @throws InfnetError `PLAN_INPUT` for missing, surplus, mis-typed or mis-sized ones, and what the graph's checks of
   * inputs throw (`LABEL_RANGE`); nothing is written then.
   */
  write(given: RunInputs): void {
    const { bind } = this.#options;
    const expected = [...this.#schedule.inputs].filter(([name]) => !(name in bind));
    const names = new Set(expected.map(([name]) => name));
    const surplus = Object.keys(given).filter((name) => !names.has(name));
    if (surplus.length > 0) throw this.#inputError(`unknown inputs: ${surplus.join(', ')}`);
    for (const [name, { type }] of expected) {
      const length = given[name]?.length;
      const count = elementCount(type.shape);
      const what = `input "${name}" ${formatShape(type.shape)}`;
      if (length === undefined) throw this.#inputError(`${what} is missing`);
      const got = kindOf(given[name]);
      const { name: needed } = arrayOf(type);
      if (got !== needed) throw this.#inputError(`${what} needs a ${needed}, got ${got}`);
      if (length !== count) throw this.#inputError(`${what} needs ${count} values, got ${length}`);
    }
    const { inputChecks } = this.#schedule.graph;
    for (const [name, { type }] of expected) {
      for (const check of inputChecks.get(name) ?? []) check(given[name] as TensorData, name, type.shape);
    }
    for (const [name, { storage }] of expected) {
      const { buffer, offset } = this.range(storage);
      this.#context.device.queue.writeBuffer(buffer, offset, given[name] as Float32Array<ArrayBuffer>);
    }
  }

  /** Reads outputs back once the queue has come to them; with no names, waits for the queue. */
  async read(names: readonly string[] = [...this.#staging.keys()]): Promise<Record<string, TensorData>> {
    const { queue } = this.#context.device;
    const outputs = names.map((name) => ({ name, ...this.#readable(name) }));
    if (outputs.length === 0) await queue.onSubmittedWorkDone();
    const encoder = this.#context.device.createCommandEncoder({ label: 'readback' });
    for (const { view, staging } of outputs) {
      const { buffer, offset } = this.range(view.storage);
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, view.storage.bytes);
    }
    if (outputs.length > 0) queue.submit([encoder.finish()]);
    const results: Record<string, TensorData> = {};
    for (const { name, view, staging } of outputs) {
      await staging.mapAsync(MAP_MODE_READ);
      const bytes = staging.getMappedRange().slice(0, elementCount(view.type.shape) * 4);
      results[name] = new (arrayOf(view.type))(bytes);
      staging.unmap();
    }
    return results;
  }

  destroy(): void {
    for (const buffer of this.#owned) this.#context.destroyBuffer(buffer);
  }

  #create(label: string, size: number, usage: number): GPUBuffer {
    return this.own(this.#context.createBuffer({ label, size, usage }));
  }

  #readable(name: string): { readonly view: View; readonly staging: GPUBuffer } {
    const view = this.#schedule.outputs.get(name);
    const staging = this.#staging.get(name);
    if (view !== undefined && staging !== undefined) return { view, staging };
    const names = [...this.#staging.keys()].join(', ');
    throw new InfnetError({
      code: 'PLAN_OUTPUT',
      message: `"${name}" is no output that can be read back`,
      fix: `These are: ${names || 'none'}. Outputs bound to buffers of yours are read from there.`,
    });
  }

  #boundStorage(name: string, view: View | undefined, wrapped: WrappedBuffer): Storage {
    if (view === undefined) throw this.#inputError(`"${name}" is bound to a buffer but is no input or output`);
    if (sameShape(view.type.shape, wrapped.shape)) return view.storage;
    const shapes = `${formatShape(wrapped.shape)}, but the trace has ${formatShape(view.type.shape)}`;
    throw this.#inputError(`"${name}" is bound to a buffer of shape ${shapes}`);
  }

  #storeOf(parameter: Parameter): ParameterStore {
    const { stores } = this.#options;
    return stores.find((store) => store.has(parameter)) ?? (stores[0] as ParameterStore);
  }

  #inputError(message: string): InfnetError {
    const names = [...this.#schedule.inputs].map(([name, { type }]) => `${name} ${formatShape(type.shape)}`);
    return new InfnetError({ code: 'PLAN_INPUT', message, fix: `The inputs are: ${names.join(', ') || 'none'}.` });
  }
}
