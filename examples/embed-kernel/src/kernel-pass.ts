/**
 * All it takes to run an infnet kernel in a WebGPU program: a pipeline and a bind group from a description. No context,
 * no planner; nothing is allocated but what this file asks the device for.
 */
import { type CallDescription, describeCall, type KernelCall } from '@infnet/core/kernels';

/** A kernel call ready to be put into compute passes, as often as one likes. */
export interface KernelPass {
  encode(pass: GPUComputePassEncoder): void;
}

/**
 * Makes the pipeline, the uniform buffer and the bind group of a call.
 *
 * @param buffers one GPUBuffer per storage binding of the kernel, by the binding's name.
 * @throws InfnetError `KERNEL_OPERANDS` for a buffer that is missing, surplus or too small.
 */
export function createKernelPass(
  device: GPUDevice,
  call: KernelCall,
  buffers: Readonly<Record<string, GPUBuffer>>,
): KernelPass {
  // Checked against the call: names, and that each holds what the kernel reads or writes there.
  const description = describeCall(call, buffers);
  const { code, entryPoint, workgroups } = description;
  const module = device.createShaderModule({ label: description.name, code });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint } });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [...storageEntries(description, buffers), ...uniformEntries(device, description)],
  });
  return {
    encode(pass) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
    },
  };
}

function storageEntries(
  { bindings }: CallDescription,
  buffers: Readonly<Record<string, GPUBuffer>>,
): GPUBindGroupEntry[] {
  return bindings.map(({ name, binding }) => ({ binding, resource: { buffer: buffers[name] as GPUBuffer } }));
}

function uniformEntries(device: GPUDevice, { uniform, name }: CallDescription): GPUBindGroupEntry[] {
  if (uniform === undefined) return [];
  const buffer = device.createBuffer({
    label: `${name} parameters`,
    size: uniform.byteLength,
    usage: 0x40,
    mappedAtCreation: true,
  });
  new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(uniform));
  buffer.unmap();
  return [{ binding: 0, resource: { buffer } }];
}
