/** Files for tests, made here: nothing in this folder comes from a patient. */

import { crc32 } from '@infnet/inflate';
import { zlibSync } from 'fflate';

/** One PNG chunk with its checksum. */
export function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const SIGNATURE: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA. */
  readonly type: number;
  readonly interlace?: number;
  /** Packed rows without filter bytes, `height` of them; a filter byte 0 is put before each. */
  readonly rows?: Uint8Array;
  /** The uncompressed data as they are, instead of `rows`. */
  readonly raw?: Uint8Array;
  readonly palette?: Uint8Array;
  readonly transparency?: Uint8Array;
}

export function header(parts: PngParts): Uint8Array {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, parts.width);
  view.setUint32(4, parts.height);
  data.set([parts.depth, parts.type, 0, 0, parts.interlace ?? 0], 8);
  return chunk('IHDR', data);
}

/** A PNG file from its parts, valid or not. */
export function pngFile(parts: PngParts): Uint8Array {
  let raw = parts.raw ?? new Uint8Array(0);
  if (parts.rows !== undefined) {
    const rowLength = parts.rows.length / parts.height;
    raw = new Uint8Array((rowLength + 1) * parts.height);
    for (let y = 0; y < parts.height; y++) {
      raw.set(parts.rows.subarray(y * rowLength, (y + 1) * rowLength), y * (rowLength + 1) + 1);
    }
  }
  return concat(
    SIGNATURE,
    header(parts),
    ...(parts.palette ? [chunk('PLTE', parts.palette)] : []),
    ...(parts.transparency ? [chunk('tRNS', parts.transparency)] : []),
    chunk('IDAT', zlibSync(raw)),
    chunk('IEND', new Uint8Array(0)),
  );
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

/** 33x21 grey, baseline, written by Pillow from a formula. */
export const GREY_JPEG: Uint8Array = fromBase64(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC0oMCUoKSj/wAALCAAVACEBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABQYH/8QAKRAAAQMDAgQGAwAAAAAAAAAAAQACAwQFESExEhUiYRNCUVKR0VOSof/aAAgBAQAAPwDJKW04x0piltmMdKZpaDGNEzRUDnHDGFx7DKQ5dL+J/wCpQsNpx5UjTWpznBrWZJ2CoKKxMjAMg43fwJ6itj5MCNnSNM7AJDksvqz5P0ptlFGEza7fE2LxN3O7bJq326KZxLjo3GmN0/SUbJJGxg8IPbbRJcqg9z/kfS//2Q==',
);

/** 33x21 RGB, progressive, 4:2:0, written by Pillow from a formula. */
export const COLOUR_JPEG: Uint8Array = fromBase64(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wgARCAAVACEDASIAAhEBAxEB/8QAGAABAQEBAQAAAAAAAAAAAAAAAAMEAgX/xAAZAQEAAgMAAAAAAAAAAAAAAAAEAAMCBQb/2gAMAwEAAhADEAAAAfKrq72J4W03I/G3q789ic1a4V1Blf8A/8QAGBABAQEBAQAAAAAAAAAAAAAAAAECEhH/2gAIAQEAAQUCmUymUjlymUwmXDxnKZSOY//EABgRAQEBAQEAAAAAAAAAAAAAAAADARET/9oACAEDAQE/AZ1Tq9k9T13X/8QAHxEAAgECBwAAAAAAAAAAAAAAAAECAxIEEzEyQVFh/9oACAECAQE/Aa2JtJV5cszpdk97HovS1H//xAAUEAEAAAAAAAAAAAAAAAAAAAAw/9oACAEBAAY/An//xAAbEAADAAMBAQAAAAAAAAAAAAAAAREQMWFRcf/aAAgBAQABPyHKHMrxixVrY96RXCREopiW4fY//9oADAMBAAIAAwAAABBYA2AHz//EABcRAQEBAQAAAAAAAAAAAAAAAAABEWH/2gAIAQMBAT8Q3RYWyKOz/8QAHBEBAAEEAwAAAAAAAAAAAAAAAQARIVFhcZHB/9oACAECAQE/EGVCYo4Ls2o1bA+RPMv3Sa5//8QAHhABAQACAgIDAAAAAAAAAAAAAQAhYRExEEFRcfH/2gAIAQEAAT8Q12u1SvSfq/GtcqgGboHLYDB4xRfmZt56PUQGLdP/2Q==',
);

/** 33x21 CMYK. */
export const CMYK_JPEG: Uint8Array = fromBase64(
  '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAoHB4jHhkoIyEjLSsoMDxkQTw3Nzx7WF1JZJGAmZaPgIyKoLTmw6Cq2q2KjMj/y9ru9f///5vB////+v/m/f/4/8AAFAgAFQAhBEMRAE0RAFkRAEsRAP/EABoAAAIDAQEAAAAAAAAAAAAAAAAEAQIDBQb/xAAnEAACAgECBAYDAAAAAAAAAAAAAQIDETFhBBMUQRIhIlOR0VKSof/aAA4EQwBNAFkASwAAPwDlVHOVGx15SwdkbqJVGxjK/HcByosqNjKXGY7gN1FlRsZrjZyeIKUnriKyBsHI2Dqr/as/VgeXqHFRsM3yxkBuosqNjn2WSnNQgm5PRIByosqNjVUVUrNzVk9dl9gN1EqjYlXW2+mqPpXlnRIDYnkbB4L/AHa/l/QHl6hpVo14x4yA3UWVaMuGhy6HdnMp/wASYDlRZVopXX1M5ucn4YYyl31AbqJVaLynO26NMWoJ5SwtMIDYnlov0kPzs+V9Af/Z',
);

/** `count` bytes that look random, always the same. */
export function noise(count: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
