/**
 * Parameters on the GPU. Values lie in a few large buffers ("slabs"), trained parameters and buffers (statistics)
 * apart, because one dispatch may read weights while it updates statistics.
 *
 * A net may have several stores (a student's and a teacher's values): each is a set of values of its own, with names as
 * they were when it was made, and a plan computes with the store that it was given.
 */

import { InfnetError } from '@infnet/errors';
import { captureErrors, type DeviceFault, firstFault } from '../context/capture.js';
import type { Context } from '../context/context.js';
import { type Begun, Turns, takeTurn } from '../context/turns.js';
import { checkOptions } from '../kernel/options.js';
import { ARRAYS, plainMemory, type TensorData } from '../tensor/host-data.js';
import { elementCount } from '../tensor/types.js';
import { initialValues } from './initialize.js';
import type { Module } from './module.js';
import { type Parameter, ParameterSlab } from './parameter.js';
import { readBuffers } from './read-buffers.js';
import { layOutSlabs } from './slab-layout.js';
import { type LoadableState, lookupOf, valuesFor } from './state-dict.js';
import { assertNames, parametersOf } from './store-checks.js';

/** Where a parameter's values are. */
export interface ParameterSlot {
  readonly buffer: GPUBuffer;
  /** Bytes from the start of the buffer. */
  readonly offset: number;
  /** Bytes, without padding. */
  readonly bytes: number;
}

/** Values of one key, as they are read back. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface ParameterStoreOptions {
  /**
   * What parameters are before `load` and `initialize`. Default: nothing, a plan that reads them is refused. `zeros`:
   * zeros (an optimiser's state).
   */
  readonly values?: 'zeros';
}

const SLAB_BYTES = 64 * 2 ** 20;
const STORAGE_COPY_BOTH = 0x80 | 0x08 | 0x04; // STORAGE | COPY_DST | COPY_SRC

export class ParameterStore {
  readonly context: Context;
  /** Runs that have something to submit yet and use these parameters. */
  readonly turns: Turns = new Turns();
  readonly #slots = new Map<Parameter, ParameterSlot>();
  readonly #names = new Map<Parameter, readonly string[]>();
  readonly #slabs = new Map<ParameterSlab, GPUBuffer>();
  /** Parameters without values. */
  readonly #unset = new Set<Parameter>();
  #fault: Promise<DeviceFault | undefined>;
  #version = 0;
  #disposed = false;

  /**
   * Allocates room for every parameter of a module (or of a list). Parameters have no values until `load` or
   * `initialize`; buffers (running statistics) have their first ones at once, as in PyTorch.
   *
   * @throws InfnetError `PARAMETER_SOURCE` for what has no parameters, `PARAMETER_NAMES` when two parameters have one
   *   name, `MEMORY_FREE`.
   */
  constructor(
    context: Context,
    source: Pick<Module, 'parameters'> | readonly Parameter[],
    options: ParameterStoreOptions = {},
  ) {
    checkOptions('ParameterStore', options, { 'values?': ['zeros'] });
    const { values } = options;
    context.assertAlive('ParameterStore');
    this.context = context;
    const parameters = [...new Set(parametersOf(source))].filter(({ unused }) => !unused);
    for (const parameter of parameters) this.#names.set(parameter, [parameter.name, ...parameter.aliases]);
    assertNames(this.#names);
    const bytes = parameters.reduce((sum, { shape }) => sum + elementCount(shape) * 4, 0);
    context.assertRoom(bytes, { what: 'the parameter store', smaller: 'a smaller net' });
    const { fault } = captureErrors(context.device, () => {
      for (const role of ['parameter', 'buffer'] as const) {
        this.#allocate(
          parameters.filter((parameter) => parameter.role === role),
          role,
        );
      }
      if (values !== 'zeros') this.#fillBuffers();
    }, ['out-of-memory', 'validation']);
    this.#fault = fault;
    context.adopt(this);
  }

  /** Grows by one with every change of values; plans compute what follows from parameters again when it has changed. */
  get version(): number {
    return this.#version;
  }

  /** Parameters in this store, in definition order within each role. */
  get parameters(): readonly Parameter[] {
    return [...this.#slots.keys()];
  }

  get bytes(): number {
    return [...this.#slabs.values()].reduce((total, { size }) => total + size, 0);
  }

  /** The buffers as flat parameters: in a trace, one operator can update many parameters through them. */
  get slabs(): readonly ParameterSlab[] {
    return [...this.#slabs.keys()];
  }

  /**
   * What went wrong on the device when memory was allocated or values were written. Plans ask when they are prepared.
   */
  deviceFault(): Promise<DeviceFault | undefined> {
    return this.#fault;
  }

  /** @throws InfnetError `PARAMETER_DISPOSED`, `CONTEXT_LOST`, `CONTEXT_DISPOSED`. Plans ask before they run. */
  assertUsable(where: string): void {
    this.context.assertAlive(where);
    if (!this.#disposed) return;
    throw new InfnetError({
      code: 'PARAMETER_DISPOSED',
      message: 'the parameter store was disposed',
      where,
      fix: 'Dispose a parameter store after every plan that uses it.',
    });
  }

  /** @throws InfnetError `PARAMETER_UNINITIALIZED` when one of these parameters (or slabs) has no values yet. */
  assertInitialized(parameters: Iterable<Parameter>, where: string): void {
    if (this.#unset.size === 0) return;
    const asked = [...parameters].flatMap((parameter) =>
      parameter instanceof ParameterSlab ? [...parameter.members.keys()] : [parameter],
    );
    const unset = asked.filter((parameter) => this.#unset.has(parameter)).map((parameter) => this.#nameOf(parameter));
    if (unset.length === 0) return;
    const more = unset.length > 10 ? `, and ${unset.length - 10} more` : '';
    throw new InfnetError({
      code: 'PARAMETER_UNINITIALIZED',
      message: `${unset.length} of ${this.#slots.size} parameters have no values yet: ${unset.slice(0, 10).join(', ')}${more}`,
      where,
      fix: 'Call load(stateDict) or initialize(seed) of the parameter store first.',
      details: { parameters: unset },
    });
  }

  /** Whether a parameter (or one of `slabs`) lies here. */
  has(parameter: Parameter): boolean {
    return this.#slots.has(parameter) || this.#slabs.has(parameter as ParameterSlab);
  }

  /** @throws InfnetError `PARAMETER_UNKNOWN` for a parameter of another module. */
  slot(parameter: Parameter): ParameterSlot {
    const slot = this.#slots.get(parameter);
    if (slot !== undefined) return slot;
    const buffer = this.#slabs.get(parameter as ParameterSlab);
    if (buffer !== undefined) return { buffer, offset: 0, bytes: buffer.size };
    throw new InfnetError({
      code: 'PARAMETER_UNKNOWN',
      message: `the parameter "${parameter.name}" is not in this parameter store`,
      fix: 'Make the ParameterStore from the module that is traced.',
    });
  }

  /**
   * Loads values by key. A parameter with several keys (tied weights) is loaded from any of them. Surplus keys are
   * ignored (report them with `matchStateDict` of @infnet/checkpoint). The values are copied before this returns.
   *
   * @param state a map or a plain object: what `read` or `assertMatches` of @infnet/checkpoint gives.
   * @throws InfnetError `PARAMETER_STATE` for anything else, `PARAMETER_VALUES` listing missing, mis-shaped and
   *   contradictory keys, `PARAMETER_BUSY` while a run that uses the parameters is half submitted; nothing is loaded
   *   then.
   */
  load(state: LoadableState): void {
    this.#assertIdle('ParameterStore.load');
    const lookup = lookupOf(state);
    const found = [...this.#names].map(
      ([parameter, names]) => [parameter, valuesFor(parameter, names, lookup)] as const,
    );
    const problems = found.flatMap(([, values]) => (typeof values === 'string' ? [values] : []));
    if (problems.length > 0) {
      throw new InfnetError({
        code: 'PARAMETER_VALUES',
        message: `${problems.length} parameters cannot be loaded: ${problems.slice(0, 10).join('; ')}`,
        fix: 'Load a checkpoint of the same net (same backbone and width).',
        details: { problems },
      });
    }
    this.#writeAll(found as (readonly [Parameter, TensorData])[]);
  }

  /**
   * Gives every parameter its first values, from a seed: the same seed gives the same bits everywhere.
   * @throws InfnetError `PARAMETER_BUSY`.
   */
  initialize(seed: number): void {
    this.#assertIdle('ParameterStore.initialize');
    const first = (parameter: Parameter) => [parameter, () => this.#firstValues(parameter, seed)] as const;
    this.#writeAll(this.parameters.map(first));
  }

  /**
   * Tells plans that values changed on the GPU (a training step wrote them), and which parameters (or slabs) have
   * values now.
   */
  markChanged(written: Iterable<Parameter> = []): void {
    this.#version++;
    if (this.#unset.size === 0) return;
    for (const parameter of written) {
      for (const member of parameter instanceof ParameterSlab ? parameter.members.keys() : [parameter])
        this.#unset.delete(member);
    }
  }

  /**
   * Reads all values back, as they are after the runs that were called before. A parameter with several keys is there
   * under each.
   *
   * @throws InfnetError `PARAMETER_UNINITIALIZED`, `PARAMETER_DISPOSED`, `CONTEXT_LOST`.
   */
  async read(): Promise<Map<string, StoredTensor>> {
    this.assertUsable('ParameterStore.read');
    return takeTurn([{ turns: this.turns, shared: true }], () => this.#beginRead(), { keep: () => {} });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const slab of this.#slabs.values()) this.context.destroyBuffer(slab);
    this.context.release(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #beginRead(): Begun<Map<string, StoredTensor>> {
    const where = 'ParameterStore.read';
    this.assertUsable(where);
    this.assertInitialized(this.#slots.keys(), where);
    const result = readBuffers(this.context, this.#slabs.values(), (memory) => {
      const entries = [...this.#slots].flatMap(([parameter, { buffer, offset, bytes }]) => {
        const data = new ARRAYS[parameter.dtype]((memory.get(buffer) as ArrayBuffer).slice(offset, offset + bytes));
        const value = { shape: parameter.shape, data: data as Float32Array };
        return this.#namesOf(parameter).map((name) => [name, value] as const);
      });
      return new Map(entries);
    });
    const known = result.catch(async (error: unknown) => {
      // A device or store that is gone fails whatever was waiting for it; say that it is gone.
      if (!(error instanceof InfnetError)) {
        this.assertUsable(where);
        await this.context.settleLoss();
        this.assertUsable(where);
      }
      throw error;
    });
    return { result: known };
  }

  #assertIdle(where: string): void {
    this.assertUsable(where);
    if (this.turns.isFree) return;
    throw new InfnetError({
      code: 'PARAMETER_BUSY',
      message: 'a run that uses these parameters has been called and is not wholly submitted yet',
      where,
      fix: 'Await the run first; with `signal` or `onProgress` a run is submitted part by part.',
    });
  }

  #nameOf(parameter: Parameter): string {
    return this.#namesOf(parameter)[0] || 'a parameter without a name';
  }

  #namesOf(parameter: Parameter): readonly string[] {
    return this.#names.get(parameter) as readonly string[];
  }

  #firstValues(parameter: Parameter, seed: number): TensorData {
    const values = initialValues(parameter, seed, this.#namesOf(parameter)[0]);
    return parameter.dtype === 'f32' ? values : new ARRAYS[parameter.dtype](values);
  }

  /** Buffers begin with the constants that they are defined with; all else waits for `load` or `initialize`. */
  #fillBuffers(): void {
    for (const parameter of this.#slots.keys()) {
      const { role, init } = parameter;
      if (role === 'parameter' || init.kind !== 'constant') this.#unset.add(parameter);
      else if (init.value !== 0) this.#write(parameter, this.#firstValues(parameter, 0));
    }
  }

  #allocate(parameters: readonly Parameter[], role: Parameter['role']): void {
    const { minStorageBufferOffsetAlignment: alignment, maxStorageBufferBindingSize } = this.context.profile.limits;
    const slabs = layOutSlabs(parameters, alignment, Math.min(SLAB_BYTES, maxStorageBufferBindingSize));
    for (const [i, { size, offsets }] of slabs.entries()) {
      const label = `${role}s ${i}`;
      const buffer = this.context.createBuffer({ label, size, usage: STORAGE_COPY_BOTH });
      const members = new Map([...offsets].map(([parameter, offset]) => [parameter, offset / 4]));
      this.#slabs.set(new ParameterSlab(label, size / 4, members, role), buffer);
      for (const [parameter, offset] of offsets) {
        this.#slots.set(parameter, { buffer, offset, bytes: elementCount(parameter.shape) * 4 });
      }
    }
  }

  /** Values are made one after the other, as they are written. */
  #writeAll(values: Iterable<readonly [Parameter, TensorData | (() => TensorData)]>): void {
    const { fault } = captureErrors(this.context.device, () => {
      for (const [parameter, data] of values) this.#write(parameter, typeof data === 'function' ? data() : data);
    });
    this.#fault = firstFault([this.#fault, fault]);
    this.#version++;
  }

  #write(parameter: Parameter, values: TensorData): void {
    const { buffer, offset } = this.slot(parameter);
    this.context.device.queue.writeBuffer(buffer, offset, plainMemory(values) as Float32Array<ArrayBuffer>);
    this.#unset.delete(parameter);
  }
}
