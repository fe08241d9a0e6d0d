/**
 * Keeps Dawn's objects alive for as long as something depends on them.
 *
 * In a browser, garbage collection cannot be observed: a buffer keeps its device, a mapped range keeps its buffer.
 * Dawn for Node 0.6.2 does not promise that. Measured, each with a program of ten lines:
 *   - the object that `create()` returns is collected: segmentation fault or abort, even after every device was
 *     destroyed;
 *   - a device is collected while one of its buffers lives: the next `mapAsync` fails with AbortError;
 *   - a buffer is collected while its `mapAsync` is pending: AbortError, by chance of the collector;
 *   - a buffer is collected while its mapped `ArrayBuffer` is read: segmentation fault.
 * So: GPUs are held for the life of the process, devices until they are lost or destroyed, objects with a promise under
 * way until it settles, buffers for as long as one of their mapped ranges lives. None of this keeps the process
 * running: with 0.6.2 a program that finishes exits by itself with its devices alive (docs/adr/0002-node-adapters.md).
 */
import { expectSoon, inDawn } from './polling.js';

interface Held {
  /** By flags and driver files: the same question gets the same GPU, since none can be given back. */
  readonly gpus: Map<string, GPU>;
  readonly devices: Set<object>;
  readonly underWay: Set<object>;
}

/** On `globalThis`, so that a second copy of this package, or a reloaded module, holds on too. */
const HELD = Symbol.for('@infnet/node held');
const PATCHED = Symbol.for('@infnet/node patched');

/** What this process holds. */
export function held(): Held {
  const scope = globalThis as { [HELD]?: Held };
  scope[HELD] ??= { gpus: new Map(), devices: new Set(), underWay: new Set() };
  return scope[HELD];
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** The asynchronous methods of WebGPU, by class; `requestAdapter` is answered at once by Dawn. */
const ASYNCHRONOUS: Readonly<Record<string, readonly string[]>> = {
  GPUBuffer: ['mapAsync'],
  GPUQueue: ['onSubmittedWorkDone'],
  GPUDevice: ['createComputePipelineAsync', 'createRenderPipelineAsync', 'popErrorScope'],
  GPUShaderModule: ['getCompilationInfo'],
};

/** Teaches the classes of Dawn (its `globals`) to keep what they need. Does so once, however often it is called. */
export function keepAlive(classes: Readonly<Record<string, unknown>>): void {
  const marked = prototypeOf(classes, 'GPUDevice');
  if (marked === undefined || PATCHED in marked) return;
  Object.defineProperty(marked, PATCHED, { value: true });
  for (const [name, methods] of Object.entries(ASYNCHRONOUS)) {
    for (const method of methods) wrap(prototypeOf(classes, name), method, whileUnderWay);
  }
  wrap(prototypeOf(classes, 'GPUAdapter'), 'requestDevice', untilLost);
  wrap(prototypeOf(classes, 'GPUBuffer'), 'getMappedRange', rangeKeepsBuffer);
}

function whileUnderWay(original: Method): Method {
  return function (this: object, ...args: unknown[]): unknown {
    const { underWay } = held();
    const token = { object: this };
    expectSoon();
    const result = inDawn(() => original.apply(this, args));
    if (!(result instanceof Promise)) return result;
    underWay.add(token);
    return result.finally(() => underWay.delete(token));
  };
}

function untilLost(original: Method): Method {
  return function (this: object, ...args: unknown[]): unknown {
    const { devices } = held();
    expectSoon();
    const result = inDawn(() => original.apply(this, args));
    if (!(result instanceof Promise)) return result;
    return result.then((device: GPUDevice) => {
      devices.add(device);
      void device.lost.then(() => devices.delete(device));
      return device;
    });
  };
}

const bufferOfRange = new WeakMap<object, object>();

function rangeKeepsBuffer(original: Method): Method {
  return function (this: object, ...args: unknown[]): unknown {
    const range = original.apply(this, args);
    if (typeof range === 'object' && range !== null) bufferOfRange.set(range, this);
    return range;
  };
}

function wrap(prototype: object | undefined, name: string, make: (original: Method) => Method): void {
  if (prototype === undefined) return;
  const original: unknown = Reflect.get(prototype, name);
  if (typeof original !== 'function') return;
  Object.defineProperty(prototype, name, { value: make(original as Method), writable: true, configurable: true });
}

function prototypeOf(classes: Readonly<Record<string, unknown>>, name: string): object | undefined {
  const found = classes[name];
  return typeof found === 'function' ? (found.prototype as object) : undefined;
}
