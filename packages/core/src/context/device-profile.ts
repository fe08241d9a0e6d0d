import { ADAPTER_TRAITS, traitsOf } from './adapters/index.js';
import type { AdapterTraits } from './adapters/traits.js';
import type { SubgroupMatrix } from './subgroup-matrix.js';

/** What kernels and the planner need to know of a device; plain data, so that plans can be made without a GPU. */
export interface DeviceProfile {
  /** What is dear and what is cheap here: see `adapters/`. */
  readonly traits: AdapterTraits;
  /** Subgroup size where the device has subgroups of one fixed size, else 0. */
  readonly subgroupSize: number;
  readonly hasF16: boolean;
  /** Matrix units, where `open` was asked for them and the device has them. Experimental. */
  readonly subgroupMatrix?: SubgroupMatrix;
  readonly limits: DeviceLimits;
  /**
   * What a tuner found fastest here, by the operators' own keys (`Operator.candidates`). Default: every operator's own
   * choice.
   */
  readonly tuning?: Readonly<Record<string, string>>;
}

/** The limits that plans are checked against, as WebGPU names them. */
export interface DeviceLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly minStorageBufferOffsetAlignment: number;
  readonly minUniformBufferOffsetAlignment: number;
}

const LIMIT_NAMES = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'minStorageBufferOffsetAlignment',
  'minUniformBufferOffsetAlignment',
] as const satisfies readonly (keyof DeviceLimits)[];

/** The limits every WebGPU device has at least; plans made without a device use them. */
export const DEFAULT_LIMITS: DeviceLimits = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
  minStorageBufferOffsetAlignment: 256,
  minUniformBufferOffsetAlignment: 256,
};

/** A plain device without subgroups at the default limits. */
export const DEFAULT_PROFILE: DeviceProfile = {
  traits: ADAPTER_TRAITS.gpu,
  subgroupSize: 0,
  hasF16: false,
  limits: DEFAULT_LIMITS,
};

/** Reads the profile of a device. `info` is its adapter's description. */
export function profileDevice(device: GPUDevice, info: GPUAdapterInfo | undefined): DeviceProfile {
  const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, device.limits[name]]));
  const text = `${info?.vendor} ${info?.architecture} ${info?.device} ${info?.description}`;
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = (info ?? {}) as Partial<GPUAdapterInfo>;
  const fixed = device.features.has('subgroups') && subgroupMinSize === subgroupMaxSize;
  const subgroupSize = fixed ? subgroupMaxSize : 0;
  return {
    traits: traitsOf(text, subgroupSize),
    subgroupSize,
    hasF16: device.features.has('shader-f16'),
    limits: limits as unknown as DeviceLimits,
  };
}
