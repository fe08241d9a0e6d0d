import { InfnetError } from '@infnet/errors';
import { openPlatformAdapter } from '#platform';
import { checkNames } from '../kernel/options.js';
import type { AdapterDescription } from './adapter.js';
import { Context } from './context.js';
import type { PlatformAdapter, PlatformOptions } from './platform.js';
import {
  chooseSubgroupMatrix,
  type ExperimentalOptions,
  SUBGROUP_MATRIX_FEATURE,
  type SubgroupMatrix,
  type SubgroupMatrixInfo,
} from './subgroup-matrix.js';

export interface OpenOptions extends PlatformOptions {
  /**
   * Gets the one line that says which adapter was taken, and one for what was asked for in `experimental` and is not to
   * be had. Default: `console.error` for a software adapter and for the latter, else nothing.
   */
  readonly onMessage?: (line: string) => void;
  /**
   * Bytes that all buffers of the context may take together: what would be more is refused before it is allocated
   * (`MEMORY_FREE`). Infinity: nothing is. Default: in Node, on adapters that compute on the CPU,
   * what the machine has free each time (its control groups' limits included), else no limit.
   */
  readonly memoryLimit?: number;
  /**
   * Seconds in which a submit must end, beside many times its estimate. After that, those who wait are told
   * that the device is lost (`CONTEXT_LOST`; on a borrowed one `RUN_STALLED`). Infinity: they wait. Default 600 on
   * adapters that compute on the CPU, on borrowed devices and in browsers, else 120.
   */
  readonly stallSeconds?: number;
}

/** Options of both. */
type DeviceOptions = Pick<OpenOptions, 'onMessage' | 'memoryLimit' | 'stallSeconds'>;
const DEVICE_OPTIONS = ['onMessage', 'memoryLimit', 'stallSeconds'] as const;

/** Features that kernels use where they are there; none is required. */
const WANTED_FEATURES = ['timestamp-query', 'subgroups', 'shader-f16'] as const;

/** Limits that are worth raising from the defaults to what the adapter has. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
] as const;

/**
 * Opens a context of its own: in Node through Dawn (npm `webgpu`, loaded now), in browsers through `navigator.gpu`.
 * In Node the order is: a real GPU, llvmpipe, the SwiftShader that comes from npm. There it needs `@infnet/node`.
 *
 * @throws InfnetError `DEVICE_NODE_NOT_INSTALLED`, `DEVICE_NO_WEBGPU`, `DEVICE_NO_ADAPTER`, `DEVICE_REFUSED`.
 */
export async function open(options: OpenOptions = {}): Promise<Context> {
  checkNames('open', options, [...DEVICE_OPTIONS, 'adapter', 'powerPreference', 'experimental']);
  checkNames('open', options.experimental ?? {}, ['subgroupMatrix'], 'experimental option');
  return contextOn(await openPlatformAdapter(options), options);
}

/** A context on the device of an adapter that the platform gave. */
export async function contextOn(platform: PlatformAdapter, options: DeviceOptions): Promise<Context> {
  const matrix = platform.experimental.subgroupMatrix
    ? chooseSubgroupMatrix(platform.adapter.features, platform.adapter.info as SubgroupMatrixInfo)
    : undefined;
  const device = await requestDevice(platform.adapter, typeof matrix === 'object' ? [SUBGROUP_MATRIX_FEATURE] : []);
  const say = options.onMessage ?? (platform.software ? (line: string) => console.error(line) : () => {});
  say(platform.message);
  const room = { ...options, memoryLeft: platform.memoryLeft };
  return new Context(device, describeAdapter(platform), true, orSay(matrix, options.onMessage), room);
}

/**
 * Borrows a device. infnet makes its buffers and pipelines on it and frees them on `dispose`, and never destroys the
 * device itself. Subgroup kernels are used if the device was requested with the feature `subgroups`, the profiler if
 * with `timestamp-query`, tensor cores if `experimental` says so and with the features that they need.
 */
export function fromDevice(
  device: GPUDevice,
  options: DeviceOptions & { readonly experimental?: ExperimentalOptions } = {},
): Context {
  checkNames('fromDevice', options, [...DEVICE_OPTIONS, 'experimental']);
  checkNames('fromDevice', options.experimental ?? {}, ['subgroupMatrix'], 'experimental option');
  const info = (device as { readonly adapterInfo?: GPUAdapterInfo }).adapterInfo;
  const text = [info?.vendor, info?.architecture, info?.description].filter(Boolean).join(' ');
  const description: AdapterDescription = {
    kind: 'borrowed',
    software: info?.isFallbackAdapter ?? false,
    vendor: info?.vendor ?? '',
    architecture: info?.architecture ?? '',
    device: info?.device ?? '',
    description: info?.description ?? '',
    message: `infnet: borrowed device${text === '' ? '' : ` (${text})`}`,
  };
  const matrix = options.experimental?.subgroupMatrix
    ? chooseSubgroupMatrix(device.features, (info ?? {}) as SubgroupMatrixInfo)
    : undefined;
  return new Context(device, description, false, orSay(matrix, options.onMessage), options);
}

/** What was found; where it is a reason, says that and gives nothing. */
function orSay(
  found: SubgroupMatrix | string | undefined,
  say = (line: string): void => console.error(line),
): SubgroupMatrix | undefined {
  if (typeof found !== 'string') return found;
  say(`infnet: subgroup matrices (experimental) are not to be had: ${found}`);
  return undefined;
}

async function requestDevice(adapter: GPUAdapter, experimental: readonly GPUFeatureName[]): Promise<GPUDevice> {
  const wanted = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  const requiredFeatures = [...wanted, ...experimental];
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]]));
  try {
    return await adapter.requestDevice({ label: 'infnet', requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new InfnetError({
      code: 'DEVICE_REFUSED',
      message: `the adapter gave no device: ${cause instanceof Error ? cause.message : String(cause)}`,
      fix: 'Run `infnet doctor` (Node) or look at chrome://gpu (browser); closing other GPU programs may help.',
      cause,
    });
  }
}

function describeAdapter(platform: PlatformAdapter): AdapterDescription {
  const { vendor, architecture, device, description } = platform.adapter.info;
  const { kind, software, message } = platform;
  return { kind, software, vendor, architecture, device, description, message };
}
