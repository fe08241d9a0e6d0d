/**
 * Device errors of one synchronous block.
 *
 * Error scopes are one stack per device, and the device may be somebody else's. A scope of ours that stays open over an
 * `await` takes the host's errors, and the host's pop takes our scope. So scopes are pushed and popped here and nowhere
 * else, with nothing awaited in between; only what they found is waited for.
 */

/** The first error of the outermost scope that caught one. */
export interface DeviceFault {
  readonly kind: GPUErrorFilter;
  readonly error: GPUError;
}

export interface Captured<T> {
  readonly value: T;
  /** Never rejects; undefined where there was no error, or the device is gone. */
  readonly fault: Promise<DeviceFault | undefined>;
}

/**
 * Runs `body`, which must not call code of a host's, and catches the errors of its calls. What it throws passes
 * through.
 */
export function captureErrors<T>(
  device: GPUDevice,
  body: () => T,
  kinds: readonly GPUErrorFilter[] = ['validation'],
): Captured<T> {
  for (const kind of kinds) device.pushErrorScope(kind);
  const errors: Promise<GPUError | null>[] = [];
  const pop = (): void => {
    for (const _ of kinds) errors.unshift(device.popErrorScope().catch(() => null));
  };
  let value: T;
  try {
    value = body();
  } catch (error) {
    pop();
    throw error;
  }
  pop();
  const fault = Promise.all(errors).then((found) => {
    const at = found.findIndex((error) => error !== null);
    return at < 0 ? undefined : { kind: kinds[at] as GPUErrorFilter, error: found[at] as GPUError };
  });
  return { value, fault };
}

/** The first fault of several blocks. */
export async function firstFault(faults: Iterable<Promise<DeviceFault | undefined>>): Promise<DeviceFault | undefined> {
  return (await Promise.all(faults)).find((fault) => fault !== undefined);
}
