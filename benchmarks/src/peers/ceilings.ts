/**
 * What the adapter can do at most, measured with two kernels of our own in the same run as everything else: multiply-adds
 * in registers, and reading one large buffer while writing another. They are the roof of the roofline.
 */
import type { Context } from '@infnet/core';
import type { Ceilings } from './protocol.js';

/** Independent sums of one invocation: enough that none waits for the one before it, and few enough for 16 registers. */
const SUMS = 12;
const ITERATIONS = 512;
const RUNS = 3;

const names = Array.from({ length: SUMS }, (_, i) => `s${i}`);

/**
 * Each value of s is moved by `s = s * a + b` (not `fma`, which a CPU without the instruction computes in software); what
 * comes out is written, so that nothing can be left out.
 */
const COMPUTE = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = x[id.x];
  let b = a + 0.5;
${names.map((name, i) => `  var ${name} = a + ${i}.0;`).join('\n')}
  for (var k = 0u; k < ${ITERATIONS}u; k++) {
${names.map((name) => `    ${name} = ${name} * a + b;`).join('\n')}
  }
  y[id.x] = ${names.join(' + ')};
}`;

const BANDWIDTH = `
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  y[i] = x[i];
}`;

export async function measureCeilings(context: Context): Promise<Ceilings> {
  const software = context.adapter.software;
  const computeGroups = software ? 256 : 16384;
  // 64 MiB each way on a GPU, half of it on a CPU: more than any cache holds.
  const vectors = (software ? 32 : 64) * 2 ** 16;
  const flops = 2 * SUMS * ITERATIONS * computeGroups * 64;
  const compute = await fastest(context, COMPUTE, computeGroups * 16, [computeGroups, 1]);
  const groups: readonly [number, number] = [Math.min(vectors / 64, 32768), Math.max(1, vectors / 64 / 32768)];
  const bandwidth = await fastest(context, BANDWIDTH, vectors, groups);
  return { compute: flops / compute, bandwidth: (2 * 16 * vectors) / bandwidth };
}

/** Shortest seconds of a few dispatches of a kernel over `vectors` vec4 values in and out. A ceiling is what was reached once. */
async function fastest(
  context: Context,
  code: string,
  vectors: number,
  groups: readonly [number, number],
): Promise<number> {
  const { device } = context;
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const buffers = [0, 1].map(() => context.createBuffer({ size: 16 * vectors, usage: 0x80 }));
  try {
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run <= RUNS; run++) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...groups);
      pass.end();
      const commands = encoder.finish();
      const begin = performance.now();
      device.queue.submit([commands]);
      await device.queue.onSubmittedWorkDone();
      // The first run compiles.
      if (run > 0) best = Math.min(best, (performance.now() - begin) / 1e3);
    }
    return best;
  } finally {
    for (const buffer of buffers) context.destroyBuffer(buffer);
  }
}
