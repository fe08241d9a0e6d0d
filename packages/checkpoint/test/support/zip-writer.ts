import { crc32 } from '@infnet/inflate';
import { deflateSync } from 'fflate';

/** How {@link writeZip} writes. */
export interface ZipOptions {
  /** Put all sizes and offsets into zip64 fields. */
  readonly zip64?: boolean;
  /** Start data at multiples of this, as torch does. */
  readonly align?: number;
  readonly comment?: string;
  readonly deflate?: boolean;
  /** Claim this size for every entry, whatever it is. */
  readonly claim?: number;
}

/** Writes a zip; stored entries are aligned, the rest is on demand. Written from PKWARE's APPNOTE, section 4.3. */
export function writeZip(entries: readonly (readonly [string, Uint8Array])[], options: ZipOptions = {}): Uint8Array {
  const { zip64 = false, align = 64, comment = '', deflate = false, claim } = options;
  const out = new Bytes();
  const directory = new Bytes();
  const method = deflate ? 8 : 0;
  for (const [name, content] of entries) {
    const data = deflate ? deflateSync(content) : content;
    const size = claim ?? content.length;
    const label = new TextEncoder().encode(name);
    const at = out.length;
    const padding = (align - ((at + 30 + label.length + 4) % align)) % align;
    const crc = crc32(content);
    out.u32(0x04034b50).u16(45).u16(0x800).u16(method).u32(0).u32(crc).u32(data.length).u32(size);
    out
      .u16(label.length)
      .u16(4 + padding)
      .raw(label)
      .u16(0x4246)
      .u16(padding)
      .raw(new Uint8Array(padding))
      .raw(data);

    const big = zip64 ? 0xffffffff : undefined;
    directory.u32(0x02014b50).u16(45).u16(45).u16(0x800).u16(method).u32(0).u32(crc);
    directory
      .u32(big ?? data.length)
      .u32(big ?? size)
      .u16(label.length)
      .u16(zip64 ? 28 : 0);
    directory
      .u16(0)
      .u16(0)
      .u16(0)
      .u32(0)
      .u32(big ?? at)
      .raw(label);
    if (zip64) directory.u16(1).u16(24).u64(size).u64(data.length).u64(at);
  }
  const start = out.length;
  out.raw(directory.done());
  if (zip64) {
    const record = out.length;
    out.u32(0x06064b50).u64(44).u16(45).u16(45).u32(0).u32(0).u64(entries.length).u64(entries.length);
    out.u64(directory.length).u64(start).u32(0x07064b50).u32(0).u64(record).u32(1);
  }
  const count = zip64 ? 0xffff : entries.length;
  out.u32(0x06054b50).u16(0).u16(0).u16(count).u16(count);
  out.u32(zip64 ? 0xffffffff : directory.length).u32(zip64 ? 0xffffffff : start);
  return out.u16(comment.length).raw(new TextEncoder().encode(comment)).done();
}

class Bytes {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.length += bytes.length;
    return this;
  }

  u16(value: number): this {
    return this.raw(Uint8Array.of(value & 255, (value >>> 8) & 255));
  }

  u32(value: number): this {
    return this.u16(value & 0xffff).u16(value >>> 16);
  }

  u64(value: number): this {
    return this.u32(value >>> 0).u32(Math.floor(value / 2 ** 32));
  }

  done(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
