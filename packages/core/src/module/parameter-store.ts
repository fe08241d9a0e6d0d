/**
 * Parameters on the GPU. Values lie in a few large buffers ("slabs"), trained parameters and buffers (statistics)
 * apart, because one dispatch may read weights while it updates statistics.
 */
import { InfnetError } from '@infnet/errors';
import type { Context } from '../context/context.js';
import { elementCount, formatShape, sameShape } from '../tensor/types.js';
import { initialValues } from './initialize.js';
import type { Module } from './module.js';
import { type Parameter, ParameterSlab } from './parameter.js';

/** Where a parameter's values are. */
export interface ParameterSlot {
  readonly buffer: GPUBuffer;
  /** Bytes from the start of the buffer. */
  readonly offset: number;
  /** Bytes, without padding. */
  readonly bytes: number;
}

/** Values by `state_dict` key, as a checkpoint reader gives them. */
export type StateDict = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>;

const SLAB_BYTES = 64 * 2 ** 20;
const STORAGE_COPY_BOTH = 0x80 | 0x08 | 0x04; // STORAGE | COPY_DST | COPY_SRC

export class ParameterStore {
  readonly context: Context;
  readonly #slots = new Map<Parameter, ParameterSlot>();
  readonly #slabs = new Map<ParameterSlab, GPUBuffer>();
  #version = 0;
  #disposed = false;

  /**
   * Allocates room for every parameter of a module (or of a list). Values are undefined until `load` or `initialize`.
   */
  constructor(context: Context, source: Pick<Module, 'parameters'> | readonly Parameter[]) {
    context.assertAlive('ParameterStore');
    this.context = context;
    const parameters = 'parameters' in source ? source.parameters() : source;
    for (const role of ['parameter', 'buffer'] as const) {
      this.#allocate(
        parameters.filter((parameter) => parameter.role === role && !parameter.unused),
        role,
      );
    }
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
   * Loads values by key. Surplus keys are ignored (report them with `matchStateDict` of @infnet/checkpoint).
   *
   * @throws InfnetError `PARAMETER_VALUES` listing missing and mis-shaped keys; nothing is loaded then.
   */
  load(state: StateDict): void {
    this.assertUsable('ParameterStore.load');
    const problems: string[] = [];
    for (const parameter of this.#slots.keys()) {
      const entry = state.get(parameter.name);
      if (entry === undefined) problems.push(`${parameter.name}: missing`);
      else if (!sameShape(entry.shape, parameter.shape) || entry.data.length !== elementCount(parameter.shape)) {
        problems.push(`${parameter.name}: ${formatShape(entry.shape)} given, ${formatShape(parameter.shape)} needed`);
      }
    }
    if (problems.length > 0) {
      throw new InfnetError({
        code: 'PARAMETER_VALUES',
        message: `${problems.length} parameters cannot be loaded: ${problems.slice(0, 10).join('; ')}`,
        fix: 'Load a checkpoint of the same net (same backbone and width).',
        details: { problems },
      });
    }
    for (const parameter of this.#slots.keys())
      this.#write(parameter, state.get(parameter.name)?.data as ArrayLike<number>);
    this.#version++;
  }

  /** Gives every parameter its first values, from a seed: the same seed gives the same bits everywhere. */
  initialize(seed: number): void {
    this.assertUsable('ParameterStore.initialize');
    for (const parameter of this.#slots.keys()) this.#write(parameter, initialValues(parameter, seed));
    this.#version++;
  }

  /** Tells plans that values changed on the GPU (a training step wrote them). */
  markChanged(): void {
    this.#version++;
  }

  /** Reads all values back. */
  async read(): Promise<Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>> {
    this.assertUsable('ParameterStore.read');
    const slabs = [...this.#slabs.values()];
    const copies = slabs.map(({ size }) =>
      this.context.createBuffer({ label: 'parameter readback', size, usage: 0x01 | 0x08 }),
    );
    try {
      const encoder = this.context.device.createCommandEncoder({ label: 'parameter readback' });
      for (const [i, slab] of slabs.entries()) {
        encoder.copyBufferToBuffer(slab, 0, copies[i] as GPUBuffer, 0, slab.size);
      }
      this.context.device.queue.submit([encoder.finish()]);
      await Promise.all(copies.map((copy) => copy.mapAsync(0x01)));
      const ranges = new Map(slabs.map((slab, i) => [slab, (copies[i] as GPUBuffer).getMappedRange()]));
      return new Map(
        [...this.#slots].map(([parameter, { buffer, offset, bytes }]) => {
          const data = new Float32Array((ranges.get(buffer) as ArrayBuffer).slice(offset, offset + bytes));
          return [parameter.name, { shape: parameter.shape, data }];
        }),
      );
    } finally {
      for (const copy of copies) this.context.destroyBuffer(copy);
    }
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

  #allocate(parameters: readonly Parameter[], role: Parameter['role']): void {
    const { minStorageBufferOffsetAlignment: alignment, maxStorageBufferBindingSize } = this.context.profile.limits;
    const limit = Math.min(SLAB_BYTES, maxStorageBufferBindingSize);
    const groups: { parameter: Parameter; offset: number }[][] = [];
    const sizes: number[] = [];
    for (const parameter of parameters) {
      const bytes = elementCount(parameter.shape) * 4;
      const last = sizes.length - 1;
      const start = last < 0 ? 0 : Math.ceil((sizes[last] as number) / alignment) * alignment;
      if (last < 0 || start + bytes > limit) {
        groups.push([{ parameter, offset: 0 }]);
        sizes.push(bytes);
      } else {
        (groups[last] as { parameter: Parameter; offset: number }[]).push({ parameter, offset: start });
        sizes[last] = start + bytes;
      }
    }
    groups.forEach((group, i) => {
      const size = Math.max(4, sizes[i] as number);
      const buffer = this.context.createBuffer({ label: `${role}s ${i}`, size, usage: STORAGE_COPY_BOTH });
      const members = new Map(group.map(({ parameter, offset }) => [parameter, offset / 4]));
      this.#slabs.set(new ParameterSlab(`${role}s ${i}`, size / 4, members, role), buffer);
      for (const { parameter, offset } of group) {
        this.#slots.set(parameter, { buffer, offset, bytes: elementCount(parameter.shape) * 4 });
      }
    });
  }

  #write(parameter: Parameter, values: ArrayLike<number>): void {
    const { buffer, offset } = this.slot(parameter);
    const data = values instanceof Float32Array ? values : Float32Array.from(values);
    this.context.device.queue.writeBuffer(buffer, offset, data as Float32Array<ArrayBuffer>);
  }
}
