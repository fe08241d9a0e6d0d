/**
 * `node --expose-gc ending.mjs CASE`: opens the adapter that INFNET_ADAPTER names, does what CASE says and comes to its
 * end. The test looks at the exit code, at how long it took, and at what was printed.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { openAdapter } from '@infnet/node';

async function openDevice() {
  const { adapter } = await openAdapter();
  return adapter.requestDevice();
}

async function collect() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await wait(5);
  }
}

/** Submits work whose result lands in the returned buffer: 1664525 * ... after `rounds` steps of a linear generator. */
function submit(device, rounds, count = 4096) {
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const code = `@group(0) @binding(0) var<storage, read_write> values: array<u32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      var x = id.x;
      for (var i = 0u; i < ${rounds}u; i++) { x = x * 1664525u + 1013904223u; }
      values[id.x] = x;
    }`;
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const values = device.createBuffer({ size: count * 4, usage: STORAGE | COPY_SRC });
  const result = device.createBuffer({ size: count * 4, usage: MAP_READ | COPY_DST });
  const layout = pipeline.getBindGroupLayout(0);
  const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: values } }] });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(count / 64);
  pass.end();
  encoder.copyBufferToBuffer(values, 0, result, 0, count * 4);
  device.queue.submit([encoder.finish()]);
  return result;
}

/** A second value of the generator, computed here: what element 1 holds after `rounds` steps. */
function expected(rounds) {
  let x = 1;
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
  return x;
}

async function read(buffer) {
  await buffer.mapAsync(GPUMapMode.READ);
  return new Uint32Array(buffer.getMappedRange());
}

const say = (text) => console.log(text);
const LONG = 100_000;

const cases = {
  async deviceAlive() {
    globalThis.device = await openDevice();
  },
  async deviceDestroyed() {
    const device = await openDevice();
    device.destroy();
    await device.lost;
    await collect();
  },
  async resultRead() {
    const [, value] = await read(submit(await openDevice(), 10));
    say(value === expected(10) ? 'right' : `wrong: ${value}`);
  },
  async mapPending() {
    submit(await openDevice(), LONG)
      .mapAsync(GPUMapMode.READ)
      .then(() => say('mapped'));
  },
  async mapPendingThenDestroyed() {
    const device = await openDevice();
    submit(device, LONG)
      .mapAsync(GPUMapMode.READ)
      .catch((error) => say(error.name));
    device.destroy();
  },
  async workPending() {
    submit(await openDevice(), LONG);
  },
  async workDonePending() {
    const device = await openDevice();
    submit(device, LONG);
    device.queue.onSubmittedWorkDone().then(() => say('done'));
  },
  async pipelinePending() {
    const device = await openDevice();
    const module = device.createShaderModule({ code: '@compute @workgroup_size(64) fn main() {}' });
    device.createComputePipelineAsync({ layout: 'auto', compute: { module } }).then(() => say('compiled'));
  },
  async errorScopePending() {
    const device = await openDevice();
    device.pushErrorScope('validation');
    device.createBuffer({ size: 4, usage: 0 });
    device.popErrorScope().then((error) => say(error.constructor.name));
  },
  async bufferMapped() {
    globalThis.values = await read(submit(await openDevice(), 10));
  },
  async processExit() {
    submit(await openDevice(), LONG)
      .mapAsync(GPUMapMode.READ)
      .catch(() => {});
    process.exit(0);
  },
  async uncaughtError() {
    // Its kernel has ended: one at work is the case below.
    await read(submit(await openDevice(), 10));
    throw new Error('thrown on purpose');
  },
  async uncaughtErrorWhilePending() {
    submit(await openDevice(), LONG)
      .mapAsync(GPUMapMode.READ)
      .catch(() => {});
    setTimeout(() => {
      throw new Error('thrown on purpose');
    }, 1);
  },
  async lostListener() {
    const device = await openDevice();
    device.lost.then(() => say('lost'));
  },
  async openedOften() {
    for (let i = 0; i < 10; i++) (await openDevice()).destroy();
    await collect();
    globalThis.device = await openDevice();
  },
  async gpuForgotten() {
    let opened = await openAdapter();
    let device = await opened.adapter.requestDevice();
    opened = undefined;
    await collect();
    const [, value] = await read(submit(device, 10));
    say(value === expected(10) ? 'right' : `wrong: ${value}`);
    device.destroy();
    device = undefined;
    await collect();
  },
  async deviceForgotten() {
    const buffer = await (async () => submit(await openDevice(), 10))();
    await collect();
    const [, value] = await read(buffer);
    say(value === expected(10) ? 'right' : `wrong: ${value}`);
  },
  async bufferForgottenWhilePending() {
    const device = await openDevice();
    const pending = (() => submit(device, LONG).mapAsync(GPUMapMode.READ))();
    await collect();
    await pending;
    say('mapped');
  },
  async bufferForgottenWhileRead() {
    const values = await (async () => read(submit(await openDevice(), 10)))();
    await collect();
    say(values[1] === expected(10) ? 'right' : `wrong: ${values[1]}`);
  },
};

await cases[process.argv[2]]();
