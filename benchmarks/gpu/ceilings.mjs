/**
 * What the card can do at most, as our kernels see it: multiply-adds in registers, and a copy of a large buffer. One line of JSON.
 * Many dispatches between two looks at the clock, because one alone is shorter on a large card than what starting it takes.
 */
import { open } from '@infnet/core';

/** Independent sums of one invocation, so that no multiply-add waits for the one before it. */
const SUMS = 16;
const LOOPS = 256;
const names = Array.from({ length: SUMS }, (_, i) => `s${i}`);

const COMPUTE = `
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = x[id.x];
  let b = a * 0.5;
${names.map((name, i) => `  var ${name} = a + ${i}.0;`).join('\n')}
  for (var k = 0u; k < ${LOOPS}u; k++) {
${names.map((name) => `    ${name} = fma(${name}, a, b);`).join('\n')}
  }
  y[id.x] = ${names.join(' + ')};
}`;

const COPY = `
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 256u + id.x;
  y[i] = x[i];
}`;

const ROUNDS = 5;

/** Shortest seconds of one dispatch; `vectors` of 16 bytes each in and out, a multiple of 256 times the rows. */
async function fastest(context, code, { vectors, rows, times }) {
  const { device } = context;
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
  });
  const buffers = [0, 1].map(() => context.createBuffer({ size: 16 * vectors, usage: GPUBufferUsage.STORAGE }));
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const run = async () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(vectors / 256 / rows, rows);
    pass.end();
    const commands = encoder.finish();
    const begin = performance.now();
    device.queue.submit([commands]);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - begin) / 1e3 / times;
  };
  // The first run compiles and wakes the card.
  await run();
  const seconds = [];
  for (let i = 0; i < ROUNDS; i++) seconds.push(await run());
  for (const buffer of buffers) context.destroyBuffer(buffer);
  return Math.min(...seconds);
}

const context = await open({ onMessage: () => {} });
try {
  const { software } = context.adapter;
  const compute = software ? { vectors: 2 ** 14, rows: 1, times: 2 } : { vectors: 2 ** 22, rows: 1, times: 16 };
  // 1 GiB each way on a card, more than any cache holds; less where a binding may not be that large.
  const bindable = 2 ** Math.floor(Math.log2(context.device.limits.maxStorageBufferBindingSize / 16));
  const copy = software
    ? { vectors: 2 ** 21, rows: 1, times: 2 }
    : { vectors: Math.min(2 ** 26, bindable), rows: 64, times: 16 };
  const flops = 2 * 4 * SUMS * LOOPS * compute.vectors;
  const multiplyAdds = flops / (await fastest(context, COMPUTE, compute));
  const bandwidth = (2 * 16 * copy.vectors) / (await fastest(context, COPY, copy));
  console.log(JSON.stringify({ adapter: context.adapter, multiplyAdds, bandwidth }));
} finally {
  context.dispose();
}
