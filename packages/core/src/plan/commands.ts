/** Dispatches bound to GPU objects, and their encoding into submits bounded in time. */
import type { Context } from '../context/context.js';
import type { DeviceProfile } from '../context/device-profile.js';
import type { Pipeline } from '../context/pipelines.js';
import type { Storage } from '../graph/operator.js';
import { packParameters } from '../kernel/kernel.js';
import type { ScheduledDispatch } from './lowering.js';

/** Where a storage lies on the GPU. */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** A dispatch ready to be encoded. */
export interface Command {
  readonly dispatch: ScheduledDispatch;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** Estimated seconds on this device. */
  readonly seconds: number;
}

/** Uniform blocks of many dispatches, one after another in one buffer. */
export function createUniforms(
  context: Context,
  dispatches: readonly ScheduledDispatch[],
  pipelines: readonly Pipeline[],
): { readonly buffer: GPUBuffer; readonly offsets: readonly number[] } {
  const alignment = context.profile.limits.minUniformBufferOffsetAlignment;
  const offsets: number[] = [];
  const blocks: ArrayBuffer[] = [];
  let size = 0;
  dispatches.forEach((dispatch, i) => {
    const { variant } = pipelines[i] as Pipeline;
    const block = packParameters(variant, dispatch.params);
    offsets.push(size);
    blocks.push(block);
    size += Math.ceil(block.byteLength / alignment) * alignment;
  });
  const buffer = context.createBuffer({ label: 'uniforms', size: Math.max(size, 16), usage: 0x40 | 0x08 });
  const bytes = new Uint8Array(Math.max(size, 16));
  for (const [i, block] of blocks.entries()) bytes.set(new Uint8Array(block), offsets[i]);
  context.device.queue.writeBuffer(buffer, 0, bytes);
  return { buffer, offsets };
}

/** Binds a dispatch to its buffers. */
export function createCommand(
  context: Context,
  dispatch: ScheduledDispatch,
  pipeline: Pipeline,
  uniform: { readonly buffer: GPUBuffer; readonly offset: number },
  rangeOf: (storage: Storage) => BufferRange,
): Command {
  const { variant, layout } = pipeline;
  const entries: GPUBindGroupEntry[] = variant.bindings.map(({ binding, name }) => {
    const view = dispatch.operands[name];
    if (view === undefined) throw new Error(`${dispatch.kernel.name}: operand "${name}" was not given by lower()`);
    return { binding, resource: { ...rangeOf(view.storage) } };
  });
  if (variant.parameters.length > 0) {
    const size = Math.ceil((variant.parameters.length * 4) / 16) * 16;
    entries.push({ binding: 0, resource: { ...uniform, size } });
  }
  const label = `${dispatch.scope} ${dispatch.kernel.name}`;
  const bindGroup = context.device.createBindGroup({ label, layout, entries });
  return { dispatch, pipeline: pipeline.pipeline, bindGroup, seconds: estimateSeconds(dispatch, context.profile) };
}

/** Time of a dispatch by the device's rough rates: the larger of arithmetic and traffic, plus the launch. */
export function estimateSeconds(call: Pick<ScheduledDispatch, 'flops' | 'bytes'>, { traits }: DeviceProfile): number {
  return Math.max(call.flops / traits.estimatedFlops, call.bytes / traits.estimatedBandwidth) + 1e-5;
}

/** Cuts a list of commands so that no part is estimated over `limit` seconds (a single command may be). */
export function splitByTime(commands: readonly Command[], limit: number): Command[][] {
  const parts: Command[][] = [];
  let seconds = Number.POSITIVE_INFINITY;
  for (const command of commands) {
    if (seconds + command.seconds > limit) {
      parts.push([]);
      seconds = 0;
    }
    (parts.at(-1) as Command[]).push(command);
    seconds += command.seconds;
  }
  return parts;
}

/** Encodes commands into one compute pass. */
export function encodePass(encoder: GPUCommandEncoder, commands: readonly Command[]): void {
  const pass = encoder.beginComputePass();
  for (const { pipeline, bindGroup, dispatch } of commands) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...dispatch.workgroups);
  }
  pass.end();
}
