/**
 * A writer of PyTorch's `.pth` (the zip kind, torch 1.6 and later) for float32 state dicts, so that tests have
 * checkpoints that a reader of `@infnet/checkpoint` did not write itself. `torch.load` reads them too.
 */

/** A float32 tensor of a state dict, row-major. */
export interface TorchTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const utf8 = new TextEncoder();

/**
 * The bytes of `torch.save(OrderedDict(tensors))`: a stored zip with `data.pkl` and one storage per tensor.
 *
 * @param options.wrap saves `{wrap: OrderedDict(tensors)}` instead, as trainings do
 */
export function writeTorchZip(
  tensors: ReadonlyMap<string, TorchTensor>,
  { wrap }: { readonly wrap?: string } = {},
): Uint8Array<ArrayBuffer> {
  const storages = [...tensors.values()].map(
    ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  return storedZip([
    ['archive/data.pkl', pickle(tensors, wrap)],
    ...storages.map((bytes, i): [string, Uint8Array] => [`archive/data/${i}`, bytes]),
    ['archive/version', utf8.encode('3\n')],
  ]);
}

/**
 * Protocol 2: `OrderedDict()`, then its entries, each
 * `_rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())`.
 */
function pickle(tensors: ReadonlyMap<string, TorchTensor>, wrap: string | undefined): Uint8Array {
  const out: Uint8Array[] = [];
  const op = (...codes: readonly (string | number)[]): void => {
    out.push(Uint8Array.from(codes, (code) => (typeof code === 'string' ? code.charCodeAt(0) : code)));
  };
  const u32 = (value: number): void => {
    out.push(new Uint8Array(Uint32Array.of(value).buffer));
  };
  const text = (value: string): void => {
    const bytes = utf8.encode(value);
    op('X');
    u32(bytes.length);
    out.push(bytes);
  };
  const int = (value: number): void => {
    op('J');
    u32(value);
  };
  const ints = (values: readonly number[]): void => {
    op('(');
    values.forEach(int);
    op('t');
  };
  const name = (module: string, attribute: string): void => {
    out.push(utf8.encode(`c${module}\n${attribute}\n`));
  };
  op(0x80, 2);
  if (wrap !== undefined) {
    op('}');
    text(wrap);
  }
  name('collections', 'OrderedDict');
  op(')', 'R', '(');
  let index = 0;
  for (const [key, { shape, data }] of tensors) {
    text(key);
    name('torch._utils', '_rebuild_tensor_v2');
    op('(', '(');
    text('storage');
    name('torch', 'FloatStorage');
    text(String(index++));
    text('cpu');
    int(data.length);
    op('t', 'Q');
    int(0);
    ints(shape);
    ints(shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1)));
    op(0x89);
    name('collections', 'OrderedDict');
    op(')', 'R', 't', 'R');
  }
  op('u', ...(wrap === undefined ? [] : ['s']), '.');
  return join(out);
}

/** A zip without compression. */
function storedZip(entries: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array<ArrayBuffer> {
  const out: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [entry, bytes] of entries) {
    const name = utf8.encode(entry);
    // Version 2.0, no flags, stored, 1980-01-01; then checksum, both sizes, lengths of name and extra field.
    const common = new DataView(new ArrayBuffer(26));
    common.setUint16(0, 20, true);
    common.setUint16(8, 0x21, true);
    common.setUint32(10, crc32(bytes), true);
    common.setUint32(14, bytes.length, true);
    common.setUint32(18, bytes.length, true);
    common.setUint16(22, name.length, true);
    const fields = new Uint8Array(common.buffer);
    const local = join([Uint8Array.of(0x50, 0x4b, 3, 4), fields, name]);
    const tail = new DataView(new ArrayBuffer(14));
    tail.setUint32(10, at, true);
    directory.push(join([Uint8Array.of(0x50, 0x4b, 1, 2, 20, 0), fields, new Uint8Array(tail.buffer), name]));
    out.push(local, bytes);
    at += local.length + bytes.length;
  }
  const listing = join(directory);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x504b0506);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, listing.length, true);
  end.setUint32(16, at, true);
  return join([...out, listing, new Uint8Array(end.buffer)]);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
