/** What is known of the memory that is left, and what is refused because of it before it is allocated. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Context,
  fromDevice,
  open,
  Parameter,
  ParameterStore,
  planInBatches,
  preparePlan,
  type Tensor,
  trace,
} from '../src/index.js';
import { scale } from './operators.js';

const MIB = 2 ** 20;

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** A context on the same device that is told how much is left. */
const told = (bytes: number): Context =>
  new Context(context.device, context.adapter, false, undefined, { memoryLeft: (used) => bytes - used });

describe('what is left', () => {
  it('is not known where nobody tells, and nothing is refused then', () => {
    const guest = fromDevice(context.device);
    expect(guest.memoryLeft).toBeUndefined();
    expect(() => guest.assertRoom(2 ** 50, { what: 'it', smaller: 'less' })).not.toThrow();
    guest.dispose();
  });
});

describe('a plan', () => {
  const double = ({ x }: { readonly x: Tensor }): Tensor => scale(x, 2);
  const large = { x: [15, 1, 512, 512] };

  it('is refused with the figures before anything is allocated, where the machine has not so much', async () => {
    const small = told(36 * MIB);
    const error = await preparePlan(small, trace(double, large)).catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'MEMORY_FREE',
      message: expect.stringMatching(/the plan needs 45\.0 MiB more memory, and 36\.0 MiB are left/),
      fix: expect.stringContaining('a smaller batch or image size'),
      details: { left: 36 * MIB, total: expect.any(Number) },
    });
    expect(small.memory).toMatchObject({ bytes: 0, peakBytes: 0 });
    small.dispose();
  });

  it('is split into parts that fit', async () => {
    const small = told(36 * MIB);
    const plan = await planInBatches(small, double, large);
    expect(plan.itemsPerRun).toBe(8);
    expect(small.memory.bytes).toBeLessThanOrEqual(36 * MIB);
    small.dispose();
  });

  it('of one item that does not fit is refused', async () => {
    const small = told(18 * MIB);
    const at = (side: number) => ({ x: [1, 8, side, side] });
    await expect(planInBatches(small, double, at(512))).rejects.toThrow(/MEMORY_FREE.*a smaller image size/s);
    expect(small.memory.peakBytes).toBe(0);
    small.dispose();
  });

  it('counts what lies on the device already', async () => {
    const some = fromDevice(context.device, { memoryLimit: 40 * MIB });
    const plan = await preparePlan(some, trace(double, { x: [4, 4, 256, 256] }));
    expect(some.memoryLeft).toBe(40 * MIB - some.memory.bytes);
    await expect(preparePlan(some, trace(double, { x: [12, 4, 256, 256] }))).rejects.toThrow(
      /MEMORY_FREE.*28\.0 MiB are left/s,
    );
    plan.dispose();
    some.dispose();
  });
});

describe('a store of parameters', () => {
  it('is refused before it is allocated', () => {
    const some = fromDevice(context.device, { memoryLimit: MIB });
    const parameter = new Parameter([MIB]);
    expect(() => new ParameterStore(some, [parameter])).toThrow(/MEMORY_FREE.*the parameter store needs 4\.0 MiB/s);
    expect(some.memory.peakBytes).toBe(0);
    some.dispose();
  });
});
