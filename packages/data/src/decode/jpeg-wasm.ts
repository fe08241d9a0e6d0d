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
  /** RGBA samples. Throws after a fatal error, then the codec must not be used again. */
  decode(bytes: Uint8Array): ArrayLike<number>;
  /** What libjpeg had to say, in order; the caller empties it. */
  readonly messages: string[];
}

interface Emscripten {
  decode(bytes: Uint8Array, preserveOrientation: boolean): { readonly data: ArrayLike<number> } | null;
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
  // In Node the codec leaves its own class behind as globalThis.ImageData, and looks it up while decoding. It is lent
  // for just that long, so that nobody takes Node for a browser because a JPEG was opened.
  const scope = globalThis as { ImageData?: unknown };
  const own = scope.ImageData;
  const emscripten = await (factory as unknown as (options: EmscriptenOptions) => Promise<Emscripten>)(options);
  const lent = scope.ImageData;
  if (own === undefined) delete scope.ImageData;
  return {
    messages,
    decode(bytes) {
      const present = scope.ImageData !== undefined;
      if (!present) scope.ImageData = lent;
      try {
        const picture = emscripten.decode(bytes, false);
        if (picture === null) throw new Error('no picture');
        return picture.data;
      } finally {
        if (!present) delete scope.ImageData;
      }
    },
  };
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
