/** One kernel call, run as somebody else's WebGPU program would run it. */
import type { Context } from '@infnet/core';
import { describeCall, type KernelCall } from '@infnet/core/kernels';

const STORAGE_COPY = 0x80 | 0x08 | 0x04;

/** Contents of the bindings by name, or how many values they have, and the binding whose contents are wanted. */
export type Run = readonly [
  call: KernelCall,
  operands: Readonly<Record<string, Float32Array | number>>,
  output: string,
];

/** Runs one call with buffers made here. */
export async function runCall(
  { device }: Pick<Context, 'device'>,
  ...[call, operands, output]: Run
): Promise<Float32Array> {
  const { code, entryPoint, bindings, uniform, workgroups } = describeCall(call);
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint } });
  const buffers = new Map(
    Object.entries(operands).map(([name, data]) => {
      const size = 4 * (typeof data === 'number' ? data : data.length);
      const buffer = device.createBuffer({ size, usage: STORAGE_COPY });
      if (typeof data !== 'number') device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
      return [name, buffer];
    }),
  );
  const entries: GPUBindGroupEntry[] = bindings.map(({ name, binding }) => ({
    binding,
    resource: { buffer: buffers.get(name) as GPUBuffer },
  }));
  if (uniform !== undefined) {
    const block = device.createBuffer({ size: uniform.byteLength, usage: 0x40 | 0x08 });
    device.queue.writeBuffer(block, 0, uniform);
    entries.push({ binding: 0, resource: { buffer: block } });
    buffers.set('', block);
  }
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(...workgroups);
  pass.end();
  const result = buffers.get(output) as GPUBuffer;
  const staging = device.createBuffer({ size: result.size, usage: 0x01 | 0x08 });
  encoder.copyBufferToBuffer(result, 0, staging, 0, result.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(0x01);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  for (const buffer of [...buffers.values(), staging]) buffer.destroy();
  return values;
}
