/**
 * What the adapter can do at most, measured with two kernels of our own: multiply-adds in registers, and reading one
 * large buffer while writing another. They are the roof of the roofline. `npm run bench -- --ceilings` measures nothing
 * else.
 */
import type { Context } from '@infnet/core';
import type { Ceilings } from './peers/protocol.js';
import type { Suite } from './suite.js';

const RUNS = 4;

/**
 * `sums`: independent ones of an invocation, so that no multiply-add waits for the one before it. A CPU has 16
 * registers, and no `fma` where it computes that in software. A large card starts a dispatch slower than it runs one:
 * hence `times` at once.
 */
const CPU = { type: 'f32', lanes: 1, sums: 12, loops: 512, fused: false, vectors: 2 ** 12, copied: 2 ** 21, times: 1 };
const CARD = {
  type: 'vec4f',
  lanes: 4,
  sums: 16,
  loops: 256,
  fused: true,
  vectors: 2 ** 22,
  copied: 2 ** 26,
  times: 16,
};

/** Each value is moved by `s = s * a + b`; what comes out is written, so that nothing can be left out. */
function computeKernel({ type, sums, loops, fused }: typeof CPU): string {
  const names = Array.from({ length: sums }, (_, i) => `s${i}`);
  const moved = (name: string): string => (fused ? `fma(${name}, a, b)` : `${name} * a + b`);
  return kernel(
    type,
    `
  let a = x[i];
  let b = a * 0.5;
${names.map((name, i) => `  var ${name} = a + ${i}.0;`).join('\n')}
  for (var k = 0u; k < ${loops}u; k++) {
${names.map((name) => `    ${name} = ${moved(name)};`).join('\n')}
  }
  y[i] = ${names.join(' + ')};`,
  );
}

const kernel = (type: string, body: string): string => `
@group(0) @binding(0) var<storage, read> x: array<${type}>;
@group(0) @binding(1) var<storage, read_write> y: array<${type}>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;${body}
}`;

export async function measureCeilings(context: Context): Promise<Ceilings> {
  const size = context.adapter.software ? CPU : CARD;
  // 1 GiB each way on a card, more than any cache holds; less where a binding may not be that large.
  const bindable = 2 ** Math.floor(Math.log2(context.device.limits.maxStorageBufferBindingSize / 16));
  const copied = Math.min(size.copied, bindable);
  // Of scalars, four are in a vector.
  const invocations = (size.vectors * 4) / size.lanes;
  const compute = await fastest(context, computeKernel(size), size.vectors, invocations, size.times);
  const copy = await fastest(context, kernel('vec4f', '\n  y[i] = x[i];'), copied, copied, size.times);
  const flops = 2 * size.lanes * size.sums * size.loops * invocations;
  return { compute: flops / compute, bandwidth: (2 * 16 * copied) / copy };
}

/**
 * Shortest seconds of a dispatch of a kernel over `vectors` of 16 bytes in and out. A ceiling is what was reached once.
 */
async function fastest(
  context: Context,
  code: string,
  vectors: number,
  invocations: number,
  times: number,
): Promise<number> {
  const { device } = context;
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const buffers = [0, 1].map(() => context.createBuffer({ size: 16 * vectors, usage: 0x80 }));
  const rows = Math.max(1, invocations / 64 / 32768);
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
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(invocations / 64 / rows, rows);
      pass.end();
      const commands = encoder.finish();
      const begin = performance.now();
      device.queue.submit([commands]);
      await device.queue.onSubmittedWorkDone();
      // The first run compiles and wakes the card.
      if (run > 0) best = Math.min(best, (performance.now() - begin) / 1e3 / times);
    }
    return best;
  } finally {
    for (const buffer of buffers) context.destroyBuffer(buffer);
  }
}

/** One line for people. */
export function describeCeilings({ compute, bandwidth }: Ceilings, where = ''): string {
  const [flops, bytes] = [(compute / 1e9).toFixed(1), (bandwidth / 1e9).toFixed(2)];
  return `Measured ceilings${where}: multiply-adds ${flops} GFLOP/s, memory ${bytes} GB/s`;
}

export const ceilingSuite: Suite = async (context) => {
  const ceilings = await measureCeilings(context);
  console.log(`${context.adapter.message}\n${describeCeilings(ceilings)}`);
  console.log(JSON.stringify({ adapter: context.adapter, ...ceilings }));
};
