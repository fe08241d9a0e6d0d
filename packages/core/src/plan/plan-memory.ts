/** What a plan takes of memory, in figures known before anything is allocated. */
import type { DeviceProfile } from '../context/device-profile.js';
import type { Storage } from '../graph/operator.js';
import { type Parameter, ParameterSlab } from '../module/parameter.js';
import { type Allocation, liveBytesBound } from './memory.js';

/** Figures in bytes, known before the first run. */
export interface PlanMemory {
  /** Buffers for inputs, intermediates and outputs. */
  readonly activations: number;
  /** What would be alive at once at most: the bound no plan can beat. */
  readonly activationsLowerBound: number;
  /** What would be needed without reuse. */
  readonly activationsWithoutReuse: number;
  /** Computed once from the parameters. */
  readonly constants: number;
  readonly parameters: number;
  readonly uniforms: number;
  /** Copies of the outputs that JavaScript reads. */
  readonly readback: number;
  readonly total: number;
}

export function measure(
  allocations: readonly Allocation[],
  read: readonly Storage[],
  lives: Parameters<typeof liveBytesBound>[0],
  constantStorages: readonly Storage[],
  parameters: ReadonlyMap<Parameter, Storage>,
  dispatches: number,
  device: DeviceProfile,
): PlanMemory {
  const sum = (sizes: Iterable<{ readonly bytes: number }>): number =>
    [...sizes].reduce((total, { bytes }) => total + bytes, 0);
  const activations = sum(allocations);
  const constants = sum(constantStorages);
  // A slab holds its members: they are not counted again.
  const slabs = [...parameters.keys()].filter((parameter) => parameter instanceof ParameterSlab);
  const inSlabs = new Set<Parameter>(slabs.flatMap(({ members }) => [...members.keys()]));
  const counted = [...parameters].filter(([parameter]) => !inSlabs.has(parameter));
  const parameterBytes = sum(counted.map(([, storage]) => storage));
  const uniforms = dispatches * device.limits.minUniformBufferOffsetAlignment;
  const readback = sum(read);
  return {
    activations,
    activationsLowerBound: liveBytesBound(lives),
    activationsWithoutReuse: sum(lives.keys()),
    constants,
    parameters: parameterBytes,
    uniforms,
    readback,
    total: activations + constants + parameterBytes + uniforms + readback,
  };
}
