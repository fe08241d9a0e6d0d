/** Writes pickles opcode by opcode, so that tests can also write those that Python never would. */
export class PickleWriter {
  readonly #bytes: number[] = [];

  op(...bytes: readonly (number | string)[]): this {
    for (const byte of bytes) this.#bytes.push(typeof byte === 'string' ? byte.charCodeAt(0) : byte);
    return this;
  }

  raw(bytes: Uint8Array): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  proto(version = 2): this {
    return this.op(0x80, version);
  }

  global(module: string, name: string): this {
    return this.op('c').raw(new TextEncoder().encode(`${module}\n${name}\n`));
  }

  text(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.op('X').#u32(bytes.length).raw(bytes);
  }

  int(value: number): this {
    if (Number.isInteger(value) && value >= 0 && value < 256) return this.op('K', value);
    if (value === (value | 0)) return this.op('J').#u32(value);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
    return this.op(0x8a, 8).raw(bytes);
  }

  float(value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, false);
    return this.op('G').raw(bytes);
  }

  tuple(write: (pickle: this) => void): this {
    this.op('(');
    write(this);
    return this.op('t');
  }

  ints(values: readonly number[]): this {
    return this.tuple(() => {
      for (const value of values) this.int(value);
    });
  }

  /** `{key: value, ...}`; each value is written by its function. */
  dict(entries: readonly (readonly [string, () => void])[]): this {
    this.op('}', '(');
    for (const [key, write] of entries) {
      this.text(key);
      write();
    }
    return this.op('u');
  }

  #u32(value: number): this {
    return this.op(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255);
  }

  /** Ends the pickle. */
  stop(): Uint8Array {
    this.op('.');
    return Uint8Array.from(this.#bytes);
  }
}

/** A tensor as a pickle names it. */
export interface PickledTensor {
  readonly storage: string;
  readonly key: string;
  /** Elements of the storage. */
  readonly count: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset?: number;
  /** Adds the sixth item of the stream format. */
  readonly legacy?: boolean;
}

/** `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`. */
export function writeTensor(pickle: PickleWriter, tensor: PickledTensor): void {
  pickle.global('torch._utils', '_rebuild_tensor_v2').tuple(() => {
    pickle
      .tuple(() => {
        pickle.text('storage').global('torch', tensor.storage).text(tensor.key).text('cpu').int(tensor.count);
        if (tensor.legacy) pickle.op('N');
      })
      .op('Q');
    pickle
      .int(tensor.offset ?? 0)
      .ints(tensor.shape)
      .ints(tensor.strides)
      .op(0x89);
    pickle.global('collections', 'OrderedDict').op(')', 'R');
  });
  pickle.op('R');
}
