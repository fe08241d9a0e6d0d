/** A device that writes down every object, copy and submit that is asked of it, by whoever asks. */
export interface Recorder {
  readonly device: GPUDevice;
  /** `createBuffer features`, `copyBufferToBuffer`, `submit`, ... in order. */
  readonly calls: readonly string[];
}

/** Methods that make something, move data or start work. */
const RECORDED = new Set([
  'createBuffer',
  'createTexture',
  'createCommandEncoder',
  'createQuerySet',
  'importExternalTexture',
  'copyBufferToBuffer',
  'copyBufferToTexture',
  'copyTextureToBuffer',
  'clearBuffer',
  'writeBuffer',
  'writeTexture',
  'submit',
  'mapAsync',
  'destroy',
  'onSubmittedWorkDone',
  'pushErrorScope',
]);

/** Wraps a device; objects it hands out are wrapped too, and unwrapped again where they are handed in. */
export function recordDevice(device: GPUDevice): Recorder {
  const calls: string[] = [];
  const originals = new WeakMap<object, object>();
  const unwrap = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const original = originals.get(value);
    if (original !== undefined) return original;
    if (Array.isArray(value)) return value.map(unwrap);
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item)]));
  };
  const wrap = <T extends object>(target: T): T => {
    const proxy = new Proxy(target, {
      get(object, key) {
        const value = Reflect.get(object, key, object) as unknown;
        if (typeof value === 'function') {
          return (...args: unknown[]) => {
            if (RECORDED.has(String(key))) calls.push(describe(String(key), args[0]));
            return wrapResult(value.apply(object, args.map(unwrap)));
          };
        }
        return key === 'queue' ? wrap(value as object) : value;
      },
    });
    originals.set(proxy, target);
    return proxy;
  };
  const wrapResult = (value: unknown): unknown => {
    const plain =
      typeof value !== 'object' || value === null || value instanceof ArrayBuffer || value instanceof Promise;
    return plain ? value : wrap(value);
  };
  return { device: wrap(device), calls };
}

function describe(method: string, argument: unknown): string {
  const label = (argument as { readonly label?: string } | undefined)?.label;
  return typeof label === 'string' && label !== '' ? `${method} ${label}` : method;
}
