/**
 * A plan: a schedule with its buffers, pipelines and bind groups on a device. Preparing one is asynchronous and shows
 * progress; running one writes inputs, encodes, submits and reads what was asked for, and allocates nothing on the GPU.
 */
import { InfnetError } from '@infnet/errors';
import type { Context, WrappedBuffer } from '../context/context.js';
import type { Graph } from '../graph/graph.js';
import type { Storage, View } from '../graph/operator.js';
import type { Parameter } from '../module/parameter.js';
import type { ParameterStore } from '../module/parameter-store.js';
import { type Profile, profileCommands } from '../profile/profile.js';
import { elementCount, formatShape, sameShape } from '../tensor/types.js';
import { type BufferRange, type Command, createCommand, createUniforms, encodePass, splitByTime } from './commands.js';
import { assertFits } from './fit.js';
import { schedule as makeSchedule, type Schedule, type ScheduleOptions } from './schedule.js';

/** Input or output data of a run. */
export type TensorData = Float32Array | Uint32Array | Int32Array;

export interface PlanProgress {
  readonly phase: 'compile' | 'prepare' | 'run';
  readonly done: number;
  readonly total: number;
}

export interface PlanOptions extends Omit<ScheduleOptions, 'device'> {
  /** Values of the parameters that the traced function uses: one store, or several (a net's and an optimiser's). */
  readonly parameters?: ParameterStore | readonly ParameterStore[];
  /** Inputs and outputs that lie in buffers of yours (`context.wrapBuffer`), by name: bound as they are, never copied. */
  readonly bind?: Readonly<Record<string, WrappedBuffer>>;
  /** Bytes that the plan may take altogether. Default: no limit but the device's. */
  readonly memoryBudget?: number;
  /** Longest estimated time of one submit, in seconds, so that no driver resets the device. Default 0.5. */
  readonly maxSubmitSeconds?: number;
  readonly onProgress?: (progress: PlanProgress) => void;
}

export interface RunOptions {
  /** Names of the outputs to read back. Default: all that are not bound to buffers of yours. */
  readonly read?: readonly string[];
  /** Stops between two submits. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PlanProgress) => void;
}

/** Inputs by name. An input bound to a buffer of yours is left out. */
export type RunInputs = Readonly<Record<string, TensorData>>;

const STORAGE_COPY_BOTH = 0x80 | 0x08 | 0x04; // STORAGE | COPY_DST | COPY_SRC
const MAP_READ_COPY_DST = 0x01 | 0x08;

/**
 * Plans a traced graph and prepares it on a device.
 *
 * @throws InfnetError `MEMORY_LIMIT`, `MEMORY_BUDGET` before anything is allocated; `MEMORY_DEVICE` when the device runs
 * out of memory; `KERNEL_COMPILE`; `PARAMETER_UNKNOWN`; `PLAN_PARAMETERS` when the graph has parameters and none are given.
 */
export async function preparePlan(context: Context, graph: Graph, options: PlanOptions = {}): Promise<Plan> {
  context.assertAlive('preparePlan');
  const external = new Set(Object.keys(options.bind ?? {}));
  const schedule = makeSchedule(graph, { ...options, device: context.profile, external });
  assertFits(schedule, context.profile.limits, options.memoryBudget);
  if (schedule.parameters.size > 0 && options.parameters === undefined) {
    throw new InfnetError({
      code: 'PLAN_PARAMETERS',
      message: `the traced function uses ${schedule.parameters.size} parameters, but no values were given`,
      fix: 'Pass { parameters: new ParameterStore(context, module) } and load or initialize it.',
    });
  }
  const plan = new Plan(context, schedule, options);
  try {
    await plan.prepare();
  } catch (error) {
    plan.dispose();
    throw error;
  }
  return plan;
}

export class Plan {
  readonly schedule: Schedule;
  readonly #context: Context;
  readonly #options: PlanOptions;
  readonly #owned: GPUBuffer[] = [];
  readonly #ranges = new Map<Storage, BufferRange>();
  readonly #staging = new Map<string, GPUBuffer>();
  #constantCommands: Command[][] = [];
  #commands: Command[][] = [];
  #constantsVersion = -1;
  #disposed = false;
  #last: Promise<unknown> = Promise.resolve();

  /** Use `preparePlan`. */
  constructor(context: Context, schedule: Schedule, options: PlanOptions) {
    this.#context = context;
    this.schedule = schedule;
    this.#options = options;
    context.adopt(this);
  }

  /** Memory figures, in bytes. */
  get memory(): Schedule['memory'] {
    return this.schedule.memory;
  }

  /** Number of submits of one run. */
  get submitCount(): number {
    return this.#commands.length;
  }

  /** Called by `preparePlan`. */
  async prepare(): Promise<void> {
    const { device } = this.#context;
    const dispatches = [...this.schedule.constantDispatches, ...this.schedule.dispatches];
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    let failure: unknown;
    try {
      this.#placeStorages();
      const pipelines = await this.#compile(dispatches);
      const uniforms = createUniforms(this.#context, dispatches, pipelines);
      this.#owned.push(uniforms.buffer);
      const commands = dispatches.map((dispatch, i) => {
        const uniform = { buffer: uniforms.buffer, offset: uniforms.offsets[i] as number };
        return createCommand(this.#context, dispatch, pipelines[i] as never, uniform, (storage) => this.#range(storage));
      });
      const limit = this.#options.maxSubmitSeconds ?? 0.5;
      const constants = this.schedule.constantDispatches.length;
      this.#constantCommands = splitByTime(commands.slice(0, constants), limit);
      this.#commands = splitByTime(commands.slice(constants), limit);
    } catch (error) {
      failure = error;
    }
    const validation = await device.popErrorScope();
    const memory = await device.popErrorScope();
    this.#context.assertAlive('preparePlan');
    if (failure !== undefined) throw failure;
    if (memory !== null) throw this.#deviceError('MEMORY_DEVICE', memory, 'Use a smaller batch or image size.');
    if (validation !== null) throw this.#deviceError('PLAN_INVALID', validation, 'This is a fault of infnet: please report it.');
  }

  /**
   * Runs the plan. Calls wait for each other.
   *
   * @throws InfnetError `CONTEXT_LOST`, `CONTEXT_DISPOSED`, `PLAN_DISPOSED`, `PLAN_INPUT` (missing, surplus or of the wrong
   * length), `RUN_ABORTED`, `RUN_FAILED`.
   */
  run(inputs: RunInputs = {}, options: RunOptions = {}): Promise<Record<string, TensorData>> {
    return this.#exclusive(async () => {
      this.#writeInputs(inputs);
      await this.#submit(options);
      if (this.schedule.graph.updates.size > 0) for (const store of this.#stores) store.markChanged();
      return this.#read(options.read);
    });
  }

  /** Runs the plan once with every dispatch timed. Slower than `run`; needs the device feature `timestamp-query`. */
  profile(inputs: RunInputs = {}): Promise<Profile> {
    return this.#exclusive(async () => {
      this.#writeInputs(inputs);
      this.#refreshConstants();
      return profileCommands(this.#context, this.#commands.flat());
    });
  }

  /** Frees all buffers of the plan. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const buffer of this.#owned) this.#context.destroyBuffer(buffer);
    this.#context.release(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #placeStorages(): void {
    const { inputs, outputs, allocations, constantStorages, parameters } = this.schedule;
    const create = (label: string, size: number, usage: number): GPUBuffer => {
      const buffer = this.#context.createBuffer({ label, size, usage });
      this.#owned.push(buffer);
      return buffer;
    };
    for (const [name, wrapped] of Object.entries(this.#options.bind ?? {})) {
      const view = inputs.get(name) ?? outputs.get(name);
      this.#ranges.set(this.#boundStorage(name, view, wrapped), {
        buffer: wrapped.buffer,
        offset: wrapped.offset,
        size: elementCount(wrapped.shape) * 4,
      });
    }
    allocations.forEach(({ bytes, storages }, i) => {
      const buffer = create(`plan buffer ${i}`, bytes, STORAGE_COPY_BOTH);
      for (const storage of storages) this.#ranges.set(storage, { buffer, offset: 0, size: storage.bytes });
    });
    for (const storage of constantStorages) {
      const buffer = create(`constant ${storage.label}`, storage.bytes, STORAGE_COPY_BOTH);
      this.#ranges.set(storage, { buffer, offset: 0, size: storage.bytes });
    }
    for (const [parameter, storage] of parameters) {
      const { buffer, offset, bytes } = this.#storeOf(parameter).slot(parameter);
      this.#ranges.set(storage, { buffer, offset, size: Math.max(4, bytes) });
    }
    for (const [name, { storage }] of outputs) {
      if (!(name in (this.#options.bind ?? {}))) {
        this.#staging.set(name, create(`readback ${name}`, storage.bytes, MAP_READ_COPY_DST));
      }
    }
  }

  #boundStorage(name: string, view: View | undefined, wrapped: WrappedBuffer): Storage {
    if (view === undefined) throw this.#inputError(`"${name}" is bound to a buffer but is no input or output`);
    if (sameShape(view.type.shape, wrapped.shape)) return view.storage;
    const shapes = `${formatShape(wrapped.shape)}, but the trace has ${formatShape(view.type.shape)}`;
    throw this.#inputError(`"${name}" is bound to a buffer of shape ${shapes}`);
  }

  async #compile(dispatches: Schedule['dispatches']): Promise<Awaited<ReturnType<Context['pipelines']['get']>>[]> {
    const pipelines = dispatches.map((dispatch) => this.#context.pipelines.get(dispatch));
    const distinct = [...new Set(pipelines)];
    let done = 0;
    const report = (): void => this.#options.onProgress?.({ phase: 'compile', done, total: distinct.length });
    report();
    await Promise.all(
      distinct.map(async (pipeline) => {
        await pipeline;
        done++;
        report();
      }),
    );
    return Promise.all(pipelines);
  }

  get #stores(): readonly ParameterStore[] {
    return [this.#options.parameters ?? []].flat();
  }

  #storeOf(parameter: Parameter): ParameterStore {
    const stores = this.#stores;
    return stores.find((store) => store.has(parameter)) ?? (stores[0] as ParameterStore);
  }

  #range(storage: Storage): BufferRange {
    const range = this.#ranges.get(storage);
    if (range === undefined) throw new Error(`storage "${storage.label}" was not placed`);
    return range;
  }

  #writeInputs(given: RunInputs): void {
    const { inputs } = this.schedule;
    const bound = this.#options.bind ?? {};
    const surplus = Object.keys(given).filter((name) => !inputs.has(name) || name in bound);
    if (surplus.length > 0) throw this.#inputError(`unknown inputs: ${surplus.join(', ')}`);
    for (const [name, { storage, type }] of inputs) {
      if (name in bound) continue;
      const data = given[name];
      if (data === undefined) throw this.#inputError(`input "${name}" ${formatShape(type.shape)} is missing`);
      const count = elementCount(type.shape);
      if (data.length !== count) {
        throw this.#inputError(`input "${name}" ${formatShape(type.shape)} needs ${count} values, got ${data.length}`);
      }
      const { buffer, offset } = this.#range(storage);
      this.#context.device.queue.writeBuffer(buffer, offset, data as Float32Array<ArrayBuffer>);
    }
  }

  #refreshConstants(): void {
    const version = this.#stores.reduce((sum, store) => sum + store.version, 0);
    if (version === this.#constantsVersion) return;
    for (const part of this.#constantCommands) this.#submitCommands(part);
    this.#constantsVersion = version;
  }

  async #submit({ signal, onProgress }: RunOptions): Promise<void> {
    this.#refreshConstants();
    const total = this.#commands.length;
    const { device } = this.#context;
    for (const [done, part] of this.#commands.entries()) {
      if (signal?.aborted) throw new InfnetError({ code: 'RUN_ABORTED', message: `the run was stopped after ${done} of ${total} submits` });
      this.#submitCommands(part);
      if (signal === undefined && onProgress === undefined) continue;
      await device.queue.onSubmittedWorkDone();
      onProgress?.({ phase: 'run', done: done + 1, total });
    }
  }

  #submitCommands(commands: readonly Command[]): void {
    const encoder = this.#context.device.createCommandEncoder();
    encodePass(encoder, commands);
    this.#context.device.queue.submit([encoder.finish()]);
  }

  async #read(names: readonly string[] = [...this.#staging.keys()]): Promise<Record<string, TensorData>> {
    const { device } = this.#context;
    if (names.length === 0) {
      await device.queue.onSubmittedWorkDone();
      return {};
    }
    const encoder = device.createCommandEncoder({ label: 'readback' });
    for (const name of names) {
      const { storage } = this.#output(name);
      const { buffer, offset } = this.#range(storage);
      encoder.copyBufferToBuffer(buffer, offset, this.#staging.get(name) as GPUBuffer, 0, storage.bytes);
    }
    device.queue.submit([encoder.finish()]);
    const results: Record<string, TensorData> = {};
    for (const name of names) {
      const staging = this.#staging.get(name) as GPUBuffer;
      await staging.mapAsync(0x01);
      const { type } = this.#output(name);
      const bytes = staging.getMappedRange().slice(0, elementCount(type.shape) * 4);
      const arrays = { f32: Float32Array, u32: Uint32Array, i32: Int32Array };
      results[name] = new arrays[type.dtype](bytes);
      staging.unmap();
    }
    return results;
  }

  #output(name: string): View {
    const view = this.schedule.outputs.get(name);
    if (view !== undefined && this.#staging.has(name)) return view;
    throw this.#inputError(`"${name}" is no output that can be read back; outputs: ${[...this.#staging.keys()].join(', ')}`);
  }

  /** One run at a time: they share inputs and intermediates. */
  #exclusive<T>(body: () => Promise<T>): Promise<T> {
    const guarded = async (): Promise<T> => {
      this.#context.assertAlive('Plan.run');
      if (this.#disposed) throw new InfnetError({ code: 'PLAN_DISPOSED', message: 'the plan was disposed', where: 'Plan.run' });
      const { device } = this.#context;
      device.pushErrorScope('validation');
      try {
        return await body();
      } catch (error) {
        // A lost device rejects whatever was waiting for it; say that it was lost.
        if (!(error instanceof InfnetError)) {
          await Promise.resolve();
          this.#context.assertAlive('Plan.run');
        }
        throw error;
      } finally {
        const error = await device.popErrorScope().catch(() => null);
        if (error !== null) throw this.#deviceError('RUN_FAILED', error, 'This is a fault of infnet: please report it.');
      }
    };
    const result = this.#last.then(guarded, guarded);
    this.#last = result.catch(() => {});
    return result;
  }

  #inputError(message: string): InfnetError {
    const names = [...this.schedule.inputs].map(([name, { type }]) => `${name} ${formatShape(type.shape)}`);
    return new InfnetError({ code: 'PLAN_INPUT', message, fix: `The inputs are: ${names.join(', ') || 'none'}.` });
  }

  #deviceError(code: string, error: GPUError, fix: string): InfnetError {
    return new InfnetError({ code, message: error.message, fix, cause: error });
  }
}
