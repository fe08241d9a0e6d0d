/**
 * A host's mistakes on a device that it lent. Each must reach the host once, by the scope that it put around it or else
 * by `uncapturederror`, and none may fail what infnet does meanwhile.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  BufferArena,
  type Context,
  evaluate,
  fromDevice,
  open,
  Parameter,
  ParameterStore,
  preparePlan,
  seededRandom,
  type Tensor,
  trace,
  type WrappedBuffer,
} from '../src/index.js';
import { scale } from './operators.js';

let owner: Context;
beforeAll(async () => {
  owner = await open({ onMessage: () => {} });
});
afterAll(() => owner.dispose());

/** Mistakes whose message names what carries the label. */
const MISTAKES: readonly ((device: GPUDevice, label: string) => void)[] = [
  (device, label) => device.createBuffer({ label, size: 16, usage: 0x01 | 0x80 }),
  (device, label) => device.createTexture({ label, size: [0, 4], format: 'rgba8unorm', usage: 0x10 }),
  (device, label) => device.createSampler({ label, maxAnisotropy: 0 }),
  (device, label) => device.createShaderModule({ label, code: `fn ${label.replaceAll('-', '_')}() { nonsense }` }),
  (device, label) =>
    device.queue.writeBuffer(device.createBuffer({ label, size: 16, usage: 0x08 }), 8, new Float32Array(4)),
  (device, label) => {
    const encoder = device.createCommandEncoder({ label });
    encoder.popDebugGroup();
    encoder.finish();
  },
  (device, label) => {
    const buffer = device.createBuffer({ label, size: 16, usage: 0x04 | 0x08 });
    buffer.destroy();
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(buffer);
    device.queue.submit([encoder.finish()]);
  },
  (device, label) => {
    const entry = { binding: 0, visibility: 0x4, buffer: { type: 'uniform' } } as const;
    const layout = device.createBindGroupLayout({ label, entries: [entry] });
    const buffer = device.createBuffer({ label, size: 16, usage: 0x80 });
    device.createBindGroup({ label, layout, entries: [{ binding: 0, resource: { buffer } }] });
  },
];

const COUNT = 200;

it(`${COUNT} mistakes around and during prepare and run reach the host, and none is blamed on infnet`, async () => {
  const { device } = owner;
  const context = fromDevice(device, { onMessage: () => {} });
  const random = seededRandom(12);
  const uncaptured: string[] = [];
  const listen = (event: Event): void => {
    event.preventDefault();
    uncaptured.push((event as GPUUncapturedErrorEvent).error.message);
  };
  device.addEventListener('uncapturederror', listen);

  const expectUncaptured: string[] = [];
  const scopes: { readonly label: string; readonly found: Promise<GPUError | null> }[] = [];
  /** A scope of the host's, open over calls and awaits: without a mistake yet, or with the one that it is to find. */
  let scope: { label?: string } | undefined;
  let made = 0;
  const close = (): void => {
    if (scope?.label === undefined) return;
    scopes.push({ label: scope.label, found: device.popErrorScope() });
    scope = undefined;
  };
  const blunder = (): void => {
    close();
    if (made === COUNT) return;
    if (scope === undefined && random() < 0.5) {
      device.pushErrorScope('validation');
      scope = {};
      if (random() < 0.5) return; // The mistake comes later, when the scope is open for a while.
    }
    const label = `mistake-${String(made++).padStart(3, '0')}`;
    (MISTAKES[Math.floor(random() * MISTAKES.length)] as (typeof MISTAKES)[number])(device, label);
    if (scope === undefined) expectUncaptured.push(label);
    else scope.label = label;
  };
  const later = async (): Promise<void> => {
    // Microtasks and tasks of all lengths, while something is under way.
    for (let turns = Math.floor(random() * 4); turns >= 0; turns--) {
      if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 0));
      else await undefined;
      blunder();
    }
  };

  const weight = new Parameter([1, 4]);
  weight.name = 'w';
  const bound = device.createBuffer({ label: 'bound', size: 16, usage: 0x80 | 0x04 | 0x08 });
  const chain = ({ x }: { readonly x: Tensor }) => {
    const y = [2, 3, 4].reduce<Tensor>((value, factor) => scale(value, factor), x);
    return { y, z: scale(x, 1, scale(x.graph.parameter(weight), 10)) };
  };
  const step = trace(
    ({ x }) => {
      x.graph.update(weight, scale(x, 1, x.graph.parameter(weight)));
      return {};
    },
    { x: [1, 4] },
  );
  const x = new Float32Array(4).fill(1);
  let wrong = 0;
  const works: Promise<unknown>[] = [];
  const work = (promise: Promise<unknown>): void => {
    works.push(promise);
  };

  for (let round = 0; made < COUNT; round++) {
    expect(round).toBeLessThan(COUNT);
    blunder();
    const store = new ParameterStore(context, [weight]);
    store.load({ w: { shape: [1, 4], data: new Float32Array(4).fill(round) } });
    const arena = new BufferArena(context);
    const graph = trace(chain, { x: [1, 4] });
    const bind: Record<string, WrappedBuffer> =
      round % 2 === 0 ? { y: context.wrapBuffer(bound, { shape: [1, 4] }) } : {};
    const options = { parameters: store, arena, fusion: false, maxSubmitSeconds: round % 3 === 0 ? 1e-9 : 0.5 };
    const preparing = preparePlan(context, graph, { ...options, bind, onProgress: blunder });
    blunder();
    await later();
    const plan = await preparing;
    const stepping = preparePlan(context, step, { parameters: store });
    await later();
    const stepPlan = await stepping;
    for (let i = 0; i < 3; i++) {
      const run = plan.run({ x }, round % 3 === 0 ? { onProgress: blunder } : {});
      blunder();
      work(
        run.then(({ y, z }) => {
          if (z?.[0] !== 1 + 10 * (round + i) || (round % 2 === 1 && y?.[0] !== 24)) wrong++;
        }),
      );
      work(stepPlan.run({ x }));
      blunder();
      if (i === 1) await later();
    }
    const read = store.read();
    await later();
    if ((await read).get('w')?.data[0] !== round + 3) wrong++;
    if (device.features.has('timestamp-query') && round % 4 === 1) {
      const profiling = plan.profile({ x });
      await later();
      await profiling;
    }
    const evaluating = evaluate(context, ({ x }) => scale(x, 7), { x: { shape: [1, 4], data: x } });
    await later();
    if ((await evaluating)['output']?.data[0] !== 7) wrong++;
    // Nothing that infnet did was refused, and no scope of the host's was taken or left.
    await Promise.all(works.splice(0));
    blunder();
    for (const each of [plan, stepPlan, store, arena]) each.dispose();
  }
  close();

  expect(made).toBe(COUNT);
  expect(wrong).toBe(0);
  const labelOf = (message: string | undefined): string | undefined =>
    /mistake-\d{3}/.exec(message?.replaceAll('_', '-') ?? '')?.[0];
  for (const { label, found } of scopes) expect(labelOf((await found)?.message)).toBe(label);
  await device.queue.onSubmittedWorkDone();
  expect(uncaptured.map(labelOf)).toEqual(expectUncaptured);
  expect(scopes.length + uncaptured.length).toBe(COUNT);
  for (const { length } of [scopes, uncaptured]) expect(length).toBeGreaterThan(COUNT / 4);
  device.removeEventListener('uncapturederror', listen);
  bound.destroy();
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});
