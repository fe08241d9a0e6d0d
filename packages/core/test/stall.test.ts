/** A device that does not come to an end, as a plan's caller is told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, evaluate, fromDevice, open, preparePlan, trace } from '../src/index.js';
import { scale } from './operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

describe('a device that does not come to an end', () => {
  const graph = trace(({ x }) => scale(x, 2), { x: [1, 4] });
  const x = new Float32Array(4);
  /** From now on nothing that is mapped ever is; gives what ends that. */
  const hang = (device: GPUDevice): (() => void) => {
    const create = device.createBuffer;
    device.createBuffer = (descriptor) => {
      const buffer = create.call(device, descriptor);
      buffer.mapAsync = () => new Promise(() => {});
      return buffer;
    };
    return () => {
      device.createBuffer = create;
    };
  };

  it('is lost where it is our own, with the kernels at work, and is not destroyed, which would wait for it', async () => {
    const own = await open({ onMessage: () => {}, stallSeconds: 0.03 });
    const { device } = own;
    hang(device);
    const plan = await preparePlan(own, graph);
    await expect(plan.run({ x })).rejects.toThrow(/CONTEXT_LOST.*stalled: the device has not ended.*test\/scale-add/s);
    expect(own.status).toBe('lost');
    await expect(plan.run({ x })).rejects.toThrow(/CONTEXT_LOST/);
    own.dispose();
    const state = Promise.race([device.lost, device.queue.onSubmittedWorkDone().then(() => 'there')]);
    expect(await state).toBe('there');
    device.destroy();
  });

  it("is the host's where it is borrowed: the waiting call alone is told", async () => {
    const { device } = context;
    const end = hang(device);
    const guest = fromDevice(device, { stallSeconds: 0.03 });
    const plan = await preparePlan(guest, graph);
    end();
    const error = await plan.run({ x }).catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'RUN_STALLED',
      details: { kernels: [expect.stringMatching('test/scale-add')] },
    });
    expect([guest.status, context.status]).toEqual(['alive', 'alive']);
    guest.dispose();
    const { output } = await evaluate(context, ({ x }) => scale(x, 2), {
      x: { shape: [1, 1], data: Float32Array.of(3) },
    });
    expect([...(output?.data ?? [])]).toEqual([6]);
  });
});
