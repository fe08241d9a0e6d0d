/**
 * `node open.mjs [OPTIONS]`: opens an adapter with the options (JSON), adds two numbers on it, prints what it took as
 * JSON. With `INFNET_TEST_WORKER` set to `shared` or `own`, does so in a worker thread that shares this environment or
 * not.
 */
import { fileURLToPath } from 'node:url';
import { isMainThread, SHARE_ENV, Worker } from 'node:worker_threads';
import { openAdapter } from '@infnet/node';

async function addOn(adapter) {
  const device = await adapter.requestDevice();
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const code = `@group(0) @binding(0) var<storage, read_write> sum: array<u32>;
    @compute @workgroup_size(1) fn main() { sum[0] = sum[1] + sum[2]; }`;
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const sum = device.createBuffer({ size: 12, usage: STORAGE | COPY_SRC | COPY_DST });
  const result = device.createBuffer({ size: 12, usage: COPY_DST | MAP_READ });
  device.queue.writeBuffer(sum, 0, new Uint32Array([0, 40, 2]));
  const layout = pipeline.getBindGroupLayout(0);
  const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: sum } }] });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(sum, 0, result, 0, 12);
  device.queue.submit([encoder.finish()]);
  await result.mapAsync(GPUMapMode.READ);
  return new Uint32Array(result.getMappedRange())[0];
}

async function main() {
  const before = { ...process.env };
  try {
    const { adapter, kind, software, message, experimental } = await openAdapter(JSON.parse(process.argv[2] ?? '{}'));
    const environmentKept = JSON.stringify(process.env) === JSON.stringify(before);
    const sum = await addOn(adapter);
    const unsafe = [...adapter.features].some((name) => name.startsWith('chromium-experimental-'));
    console.log(JSON.stringify({ kind, software, message, sum, environmentKept, experimental, unsafe }));
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, where: error.where, message: error.message, fix: error.fix }));
  }
}

const worker = process.env.INFNET_TEST_WORKER;
if (isMainThread && worker !== undefined) {
  new Worker(fileURLToPath(import.meta.url), {
    env: worker === 'shared' ? SHARE_ENV : { ...process.env },
    argv: process.argv.slice(2),
  });
} else await main();
