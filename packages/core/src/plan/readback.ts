/**
 * Copies of outputs that JavaScript maps and reads. One of each is made with the plan, so that a run allocates nothing.
 * A run that is called while another one is being read takes one more, so that it need not wait; a few of those are
 * kept.
 */
import { InfnetError } from '@infnet/errors';
import type { Context } from '../context/context.js';
import type { View } from '../graph/operator.js';
import { ARRAYS, type TensorData } from '../tensor/host-data.js';
import { elementCount, type HostDType } from '../tensor/types.js';
import type { BufferRange } from './commands.js';

const MAP_READ_COPY_DST = 0x01 | 0x08;
const MAP_MODE_READ = 0x01;
/** Buffers of one output that are kept: the plan's own, and for two runs more under way. */
const KEPT = 3;

/** What one run reads. */
export interface Readback {
  readonly names: readonly string[];
  /** Puts the copies behind what computes them. */
  encode(encoder: GPUCommandEncoder): void;
  /** Waits for the copies and reads them. */
  values(): Promise<Record<string, TensorData>>;
  /** Gives the buffers back. */
  release(): void;
}

export interface ReadbackOptions {
  readonly context: Context;
  /** Outputs that can be read. */
  readonly outputs: ReadonlyMap<string, View>;
  /** Bytes that buffers beside the plan's own may take. */
  readonly room: number;
  rangeOf(view: View): BufferRange;
}

export class Readbacks {
  readonly #options: ReadbackOptions;
  readonly #free: ReadonlyMap<string, GPUBuffer[]>;
  readonly #all = new Set<GPUBuffer>();
  #waiting: (() => void)[] = [];
  /** Bytes beside the plan's own buffers. */
  #extra: number;

  /** Makes a buffer for every output. */
  constructor(options: ReadbackOptions) {
    this.#options = options;
    this.#free = new Map([...options.outputs].map(([name, view]) => [name, [this.#create(name, view)]]));
    this.#extra = 0;
  }

  /** Names of what a run reads. @throws InfnetError `PLAN_OUTPUT`. */
  names(asked: readonly string[] | undefined): readonly string[] {
    const { outputs } = this.#options;
    const names = [...new Set(asked ?? outputs.keys())];
    const wrong = names.find((name) => !outputs.has(name));
    if (wrong === undefined) return names;
    throw new InfnetError({
      code: 'PLAN_OUTPUT',
      message: `"${wrong}" is no output that can be read back`,
      fix: `These are: ${[...outputs.keys()].join(', ') || 'none'}. Outputs bound to buffers of yours are read from there.`,
    });
  }

  /** Whether `take` makes no new buffer. */
  isFree(names: readonly string[]): boolean {
    return names.every((name) => this.#freeOf(name).length > 0);
  }

  /** Undefined where `take` stays inside the memory; else what to wait for before asking again. */
  room(names: readonly string[]): Promise<void> | undefined {
    const missing = names.filter((name) => this.#freeOf(name).length === 0);
    const bytes = missing.reduce((sum, name) => sum + this.#view(name).storage.bytes, 0);
    // Where nothing beside the plan's own is in use, waiting would not help.
    if (bytes === 0 || this.#extra + bytes <= this.#options.room) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  take(names: readonly string[]): Readback {
    const taken = names.map((name) => {
      const view = this.#view(name);
      return { name, view, buffer: this.#freeOf(name).pop() ?? this.#create(name, view) };
    });
    return {
      names,
      encode: (encoder) => {
        for (const { view, buffer: copy } of taken) {
          const { buffer, offset } = this.#options.rangeOf(view);
          encoder.copyBufferToBuffer(buffer, offset, copy, 0, view.storage.bytes);
        }
      },
      values: async () => {
        await Promise.all(taken.map(({ buffer }) => buffer.mapAsync(MAP_MODE_READ)));
        return Object.fromEntries(taken.map(({ name, view, buffer }) => [name, valuesOf(view, buffer)]));
      },
      release: () => {
        for (const { name, buffer } of taken) this.#giveBack(name, buffer);
        for (const wake of this.#waiting.splice(0)) wake();
      },
    };
  }

  destroy(): void {
    for (const buffer of this.#all) this.#options.context.destroyBuffer(buffer);
    this.#all.clear();
  }

  #giveBack(name: string, buffer: GPUBuffer): void {
    buffer.unmap();
    const free = this.#freeOf(name);
    if (free.length < KEPT && this.#all.has(buffer)) free.push(buffer);
    else this.#destroy(buffer);
  }

  #destroy(buffer: GPUBuffer): void {
    if (!this.#all.delete(buffer)) return;
    this.#extra -= buffer.size;
    this.#options.context.destroyBuffer(buffer);
  }

  #create(name: string, view: View): GPUBuffer {
    const size = view.storage.bytes;
    const buffer = this.#options.context.createBuffer({ label: `readback ${name}`, size, usage: MAP_READ_COPY_DST });
    this.#all.add(buffer);
    this.#extra += size;
    return buffer;
  }

  #freeOf(name: string): GPUBuffer[] {
    return this.#free.get(name) as GPUBuffer[];
  }

  #view(name: string): View {
    return this.#options.outputs.get(name) as View;
  }
}

function valuesOf({ type }: View, buffer: GPUBuffer): TensorData {
  const bytes = buffer.getMappedRange().slice(0, elementCount(type.shape) * 4);
  return new ARRAYS[type.dtype as HostDType](bytes);
}
