/**
 * Where the JPEG decoder's WebAssembly comes from.
 *
 * Browsers: fetched from the URL that `new URL('@jsquash/jpeg/...wasm', import.meta.url)` stands for once vite or
 * webpack has seen it. (The codec has such a line of its own, but relative, which vite's dependency bundling breaks.)
 * Node: read from disk, because Node's `fetch` does not read `file:` URLs; the file system comes from
 * `process.getBuiltinModule` (Node 20.16 or newer), so this source has no import that a browser must resolve. Anybody
 * else hands the bytes over with {@link initJpegDecoder}. Nothing is loaded before the first JPEG.
 */
import { dataError } from '../errors.js';

/** A running decoder. */
export interface JpegCodec {
  /**
   * Interleaved samples, of grey pictures the grey alone. Throws after a fatal error, then the codec must not be used
   * again.
   */
  decode(bytes: Uint8Array, channels: 1 | 3): Uint8Array<ArrayBuffer>;
  /** What libjpeg had to say, in order; the caller empties it. */
  readonly messages: string[];
}

interface Emscripten {
  decode(bytes: Uint8Array, preserveOrientation: boolean): { readonly data: Uint8Array<ArrayBuffer> } | null;
}

interface EmscriptenOptions {
  noInitialRun: boolean;
  print(text: string): void;
  printErr(text: string): void;
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): unknown;
}

const WASM = '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';

let compiled: Promise<WebAssembly.Module> | undefined;
let codec: Promise<JpegCodec> | undefined;

/**
 * Gives the JPEG decoder its WebAssembly: the bytes of `mozjpeg_dec.wasm` of `@jsquash/jpeg`, or the compiled module.
 * Only needed where the file cannot be found by itself, e.g. in a bundle that does not carry it.
 */
export async function initJpegDecoder(wasm: BufferSource | WebAssembly.Module): Promise<void> {
  compiled =
    wasm instanceof WebAssembly.Module ? Promise.resolve(wasm) : WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  codec = undefined;
  await jpegCodec();
}

/** The decoder, loaded at the first call. A failed load is tried again at the next call. */
export function jpegCodec(): Promise<JpegCodec> {
  codec ??= load().catch((cause: unknown) => {
    codec = undefined;
    compiled = undefined;
    throw dataError({
      code: 'DATA_JPEG_DECODER',
      message: `The JPEG decoder could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: WASM,
      fix:
        'In Node use 20.16 or newer with @jsquash/jpeg installed. In a bundle or page make the file reachable, or pass ' +
        'its bytes to initJpegDecoder(). Or convert the picture to PNG.',
      cause,
    });
  });
  return codec;
}

/** Drops the instance after a fatal error; the compiled module is kept. */
export function resetJpegCodec(): void {
  codec = undefined;
}

async function load(): Promise<JpegCodec> {
  compiled ??= isNode() ? compileInNode() : compileInBrowser();
  const module = await compiled;
  const { default: factory } = await import('@jsquash/jpeg/codec/dec/mozjpeg_dec.js');
  const messages: string[] = [];
  const say = (text: string): void => {
    messages.push(text);
  };
  const options: EmscriptenOptions = {
    noInitialRun: true,
    print: say,
    printErr: say,
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance);
      return instance.exports;
    },
  };
  // In Node the codec leaves a class of its own behind as globalThis.ImageData: nobody is to take Node for a browser
  // because a JPEG was opened.
  const hadImageData = globalThis.ImageData !== undefined;
  const emscripten = await (factory as unknown as (options: EmscriptenOptions) => Promise<Emscripten>)(options);
  if (!hadImageData) Reflect.deleteProperty(globalThis, 'ImageData');
  let wanted: 1 | 3 = 3;
  // The codec hands its RGBA over as `new ImageData(new Uint8ClampedArray(rgba), ...)`, by the names of that moment.
  // Both are lent for just that long, so that no second RGBA is made, four times a grey picture.
  const lent = {
    Uint8ClampedArray: constructing((rgba: Uint8Array) => withoutAlpha(rgba, wanted)),
    ImageData: constructing((data: Uint8Array) => ({ data })),
  };
  return {
    messages,
    decode(bytes, channels) {
      wanted = channels;
      const giveBack = lend(lent);
      try {
        const picture = emscripten.decode(bytes, false);
        if (picture === null) throw new Error('no picture');
        return picture.data;
      } finally {
        giveBack();
      }
    },
  };
}

/** What gives `make(first)` when it is called with `new`. */
function constructing<T>(make: (first: T) => object): object {
  return new Proxy(class {}, { construct: (_, [first]) => make(first) });
}

/** Puts other values under global names. @returns what puts back what was there */
function lend(values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(values).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  };
}

/** RGBA of the WebAssembly's memory to samples of our own. */
function withoutAlpha(rgba: Uint8Array, channels: 1 | 3): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array((rgba.length / 4) * channels);
  if (channels === 1) {
    for (let i = 0; i < data.length; i++) data[i] = rgba[i * 4]!;
  } else {
    for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
      data[to] = rgba[from]!;
      data[to + 1] = rgba[from + 1]!;
      data[to + 2] = rgba[from + 2]!;
    }
  }
  return data;
}

interface NodeModules {
  'node:module': { createRequire(from: string): { resolve(id: string): string } };
  'node:fs': { readFileSync(file: string): Uint8Array<ArrayBuffer> };
}

interface NodeScope {
  process?: {
    versions?: { node?: string };
    getBuiltinModule?: <K extends keyof NodeModules>(id: K) => NodeModules[K];
  };
}

function isNode(): boolean {
  return (globalThis as NodeScope).process?.versions?.node !== undefined;
}

async function compileInNode(): Promise<WebAssembly.Module> {
  const { process } = globalThis as NodeScope;
  if (process?.getBuiltinModule === undefined) throw new Error('this Node has no process.getBuiltinModule.');
  const { createRequire } = process.getBuiltinModule('node:module');
  const { readFileSync } = process.getBuiltinModule('node:fs');
  return WebAssembly.compile(readFileSync(createRequire(import.meta.url).resolve(WASM)));
}

async function compileInBrowser(): Promise<WebAssembly.Module> {
  // The literal must stand here in full: bundlers look for exactly this expression.
  const url = new URL('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm', import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}.`);
  const bytes = await response.arrayBuffer();
  return WebAssembly.compile(bytes).catch((cause: unknown) => {
    throw new Error(`${url.href} is no WebAssembly (${bytes.byteLength} bytes).`, { cause });
  });
}
