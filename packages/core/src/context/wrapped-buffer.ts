/** Buffers that somebody else owns. */
import { InfnetError } from '@infnet/errors';
import { kindOf } from '../tensor/host-data.js';
import { elementCount, formatShape, type Shape } from '../tensor/types.js';

/** A tensor's data in a buffer that somebody else owns; infnet binds it and never copies or destroys it. */
export interface WrappedBuffer {
  readonly buffer: GPUBuffer;
  /** Bytes from the start of the buffer to the first element; a multiple of `minStorageBufferOffsetAlignment`. */
  readonly offset: number;
  readonly shape: Shape;
}

const USAGES = { COPY_SRC: 0x04, COPY_DST: 0x08, STORAGE: 0x80 } as const;

/** For messages: `the buffer "frame"`, or `a buffer without a label`. */
export function nameOf({ label }: GPUBuffer): string {
  return label === '' ? 'a buffer without a label' : `the buffer "${label}"`;
}

/**
 * Checks what is known of a buffer at once.
 *
 * @throws InfnetError `BUFFER_INVALID` for what is not a buffer, `BUFFER_RANGE` when offset or shape do not fit,
 *   `BUFFER_USAGE` without STORAGE.
 */
export function checkWrapped({ buffer, offset, shape }: WrappedBuffer, alignment: number, where: string): void {
  if (typeof buffer?.size !== 'number' || typeof buffer.usage !== 'number') {
    throw new InfnetError({
      code: 'BUFFER_INVALID',
      message: `a GPUBuffer is needed, got ${kindOf(buffer)}`,
      where,
      fix: 'Pass what context.wrapBuffer(buffer, { shape }) gives, with a buffer made by this device.',
    });
  }
  const range = (message: string): never => {
    throw new InfnetError({
      code: 'BUFFER_RANGE',
      message,
      where: buffer.label === '' ? where : buffer.label,
      fix: `The offset must be a multiple of ${alignment} (minStorageBufferOffsetAlignment) and the range must lie inside.`,
    });
  };
  if (!Array.isArray(shape) || !shape.every((size: unknown) => Number.isSafeInteger(size) && (size as number) > 0)) {
    range(`the shape ${Array.isArray(shape) ? formatShape(shape) : kindOf(shape)} is no list of positive integers`);
  }
  const bytes = elementCount(shape) * 4;
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % alignment !== 0) {
    range(`offset ${offset} is no multiple of ${alignment}`);
  }
  if (offset + bytes > buffer.size)
    range(`offset ${offset} with ${bytes} bytes does not fit a buffer of ${buffer.size} bytes`);
  assertUsage(buffer, 'STORAGE', where, 'plus COPY_SRC to read results back');
}

/** @throws InfnetError `BUFFER_USAGE`. */
export function assertUsage(buffer: GPUBuffer, usage: keyof typeof USAGES, where: string, why: string): void {
  if ((buffer.usage & USAGES[usage]) !== 0) return;
  throw new InfnetError({
    code: 'BUFFER_USAGE',
    message: `${nameOf(buffer)} was made without GPUBufferUsage.${usage}`,
    where,
    fix: `Create it with usage GPUBufferUsage.${usage} (${why}).`,
  });
}
