/** The ground the browser tests stand on: the unpacked Chromium gives an adapter, and it computes rightly. */
import { expect, it } from 'vitest';
import source from './square.wgsl';

it('headless Chromium has a WebGPU adapter', async () => {
  expect(globalThis.isSecureContext).toBe(true);
  const adapter = await navigator.gpu.requestAdapter();
  expect(adapter).not.toBeNull();
  expect(adapter?.info.vendor).toBeTypeOf('string');
});

it('a compute shader imported from a .wgsl file gives the right numbers', async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter?.requestDevice();
  if (device === undefined) throw new Error('no device');
  const count = 1000;
  const input = Float32Array.from({ length: count }, (_, i) => i / 8 - 50);
  const buffer = device.createBuffer({
    size: input.byteLength,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const readback = device.createBuffer({
    size: input.byteLength,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, input);
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code: source }) },
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] }),
  );
  pass.dispatchWorkgroups(Math.ceil(count / 64));
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, readback, 0, input.byteLength);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  expect([...new Float32Array(readback.getMappedRange())]).toEqual([...input.map((x) => x * x)]);
  device.destroy();
});
