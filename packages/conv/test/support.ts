/** What the tests of convolution share: cases, variants, and where data comes from. */
import {
  type Context,
  type DeviceProfile,
  evaluate,
  type HostTensor,
  open,
  type PlanOptions,
  type Precision,
} from '@infnet/core';
import { describeCall, type KernelCall } from '@infnet/core/kernels';
import { fill } from '@infnet/testing';
import { variantName } from '../src/algorithm.js';
import type { Gather } from '../src/forward/gather.js';
import { GATHERS } from '../src/forward/registry.js';
import type { ConvolutionAlgorithm } from '../src/index.js';
import type { ReferenceCase } from './reference.js';

export const openQuietly = (): Promise<Context> => open({ onMessage: () => {} });

/** What is chosen for a gathering product, by name. */
export const chosen = (gather: Gather, device: DeviceProfile, precision: Precision, rounded = false): string =>
  variantName(GATHERS.choose({ gather, device, precision, rounded }));

/** Every algorithm that this device can run; `gemm-subgroup` only where subgroups have one size. */
export function gatherAlgorithms(context: Context): readonly ConvolutionAlgorithm[] {
  const all = ['gemm', 'gemm-subgroup', 'gemm-tiled', 'direct'] as const;
  return all.filter((algorithm) => algorithm !== 'gemm-subgroup' || context.profile.subgroupSize > 0);
}

export const random = (
  name: string,
  shape: readonly number[],
): HostTensor & { readonly data: Float32Array<ArrayBuffer> } => ({
  shape,
  data: fill(
    name,
    shape.reduce((a, b) => a * b, 1),
  ),
});

/** Weights whose sums have about the size of their inputs. */
export function weights(
  name: string,
  shape: readonly number[],
): HostTensor & { readonly data: Float32Array<ArrayBuffer> } {
  const [count, ...rest] = shape;
  const fanIn = rest.reduce((a, b) => a * b, 1);
  return { shape, data: fill(name, (count as number) * fanIn, Math.sqrt(3 / fanIn)) };
}

export const label = ({ input, weight, stride, padding, dilation, groups }: ReferenceCase): string =>
  `[${input}] * [${weight}]` +
  Object.entries({ stride, padding, dilation, groups })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key} ${value}`)
    .join('');

/** Runs a traced function, at precision `exact` unless asked, and gives the data of its only output. */
export async function compute(
  context: Context,
  fn: Parameters<typeof evaluate>[1],
  inputs: Readonly<Record<string, HostTensor>>,
  options?: PlanOptions,
): Promise<Float32Array> {
  const { output } = await evaluate(context, fn, inputs, { precision: 'exact', ...options });
  return output?.data as Float32Array;
}

/** Runs a call the way another program would: its own pipeline, buffers and pass. Returns the contents of `y`. */
export async function dispatch(
  context: Context,
  call: KernelCall,
  buffers: Readonly<Record<string, Float32Array>>,
): Promise<Float32Array> {
  const { device } = context;
  const { code, bindings, uniform, workgroups, entryPoint } = describeCall(call);
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint } });
  const made: GPUBuffer[] = [];
  const make = (size: number, usage: number, data?: ArrayBuffer): GPUBuffer => {
    const buffer = device.createBuffer({ size, usage });
    if (data !== undefined) device.queue.writeBuffer(buffer, 0, data);
    made.push(buffer);
    return buffer;
  };
  const entries: GPUBindGroupEntry[] = [];
  let y: GPUBuffer | undefined;
  for (const { name, binding } of bindings) {
    const data = buffers[name] as Float32Array;
    const buffer = make(data.byteLength, 0x80 | 0x08 | 0x04, data.slice().buffer);
    if (name === 'y') y = buffer;
    entries.push({ binding, resource: { buffer } });
  }
  entries.push({ binding: 0, resource: { buffer: make((uniform as ArrayBuffer).byteLength, 0x40 | 0x08, uniform) } });
  const output = y as GPUBuffer;
  const readback = make(output.size, 0x01 | 0x08);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(...workgroups);
  pass.end();
  encoder.copyBufferToBuffer(output, 0, readback, 0, output.size);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(0x01);
  const result = new Float32Array(readback.getMappedRange().slice(0));
  for (const buffer of made) buffer.destroy();
  return result;
}
