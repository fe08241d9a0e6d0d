/**
 * Dawn (npm `webgpu`), loaded when first needed: 20 MB of native code that a program without GPU work never touches.
 */
import { InfnetError } from '@infnet/errors';
import { held, keepAlive } from './lifetime.js';

/** Makes a GPU from Dawn flags (`key=value`). */
export type CreateGpu = (flags: readonly string[]) => GPU;

/**
 * Loads Dawn, defines WebGPU's names (`GPUBufferUsage`, `GPUDevice`, ...) on `globalThis` where they are missing, and
 * returns Dawn's `create`.
 *
 * @throws InfnetError `DEVICE_DAWN_NOT_LOADED`
 */
export async function loadDawn(): Promise<CreateGpu> {
  let webgpu: typeof import('webgpu');
  try {
    webgpu = await import('webgpu');
  } catch (cause) {
    throw notLoaded(cause);
  }
  const classes = webgpu.globals as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(classes)) {
    if (name in globalThis) continue;
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
  keepAlive(classes);
  return (flags) => webgpu.create([...flags]);
}

/**
 * The GPU for `flags` and, on Linux, `driverFiles`. Asked again it is the same one: a GPU can never be given back
 * (see lifetime.ts), so a program that opens adapters in a loop must not pile them up.
 */
export function gpuFor(create: CreateGpu, flags: readonly string[], driverFiles: string | undefined): GPU {
  const { gpus } = held();
  const key = JSON.stringify([driverFiles ?? null, ...flags]);
  let gpu = gpus.get(key);
  if (gpu === undefined) {
    gpu = create(flags);
    gpus.set(key, gpu);
  }
  return gpu;
}

function notLoaded(cause: unknown): InfnetError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const missing = (cause as { code?: unknown } | null)?.code === 'ERR_MODULE_NOT_FOUND';
  return new InfnetError({
    code: 'DEVICE_DAWN_NOT_LOADED',
    message: `WebGPU for Node (npm package webgpu) could not be loaded: ${reason}`,
    fix: missing
      ? 'Run: npm install webgpu'
      : 'The package has builds for Linux (glibc), macOS and Windows on x64 and arm64; use one of these. On Alpine Linux take a glibc image (for example node:20-slim).',
    details: { platform: process.platform, arch: process.arch },
    cause,
  });
}
