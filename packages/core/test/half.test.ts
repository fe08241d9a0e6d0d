/** `precision: 'half'` as core sees it: probes, what is said when one fails, and constants in another form. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  applyOne,
  byteLength,
  type Context,
  type Dispatch,
  type LowerContext,
  Module,
  type Operator,
  open,
  Parameter,
  ParameterStore,
  type Plan,
  type Probe,
  preparePlan,
  schedule,
  type Tensor,
  trace,
} from '../src/index.js';
import { scale, scaleOperator } from './operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** Doubles 1, 2, 3; it is right when that gives what `expected` says. `runs` counts. */
function doublingProbe(name: string, expected: readonly number[], broken = false): Probe & { runs: number } {
  const probe = {
    name,
    runs: 0,
    inputs: { x: { shape: [1, 3], data: Float32Array.of(1, 2, 3) } },
    compute: ({ x }: Readonly<Record<string, Tensor>>) => {
      probe.runs++;
      return { y: broken ? applyOne(brokenOperator, [x as Tensor], {}) : scale(x as Tensor, 2) };
    },
    fault: ({ y }: Readonly<Record<string, ArrayLike<number>>>) => {
      const at = expected.findIndex((value, i) => value !== y?.[i]);
      return at < 0 ? undefined : `value ${at} is ${y?.[at]} in place of ${expected[at]}`;
    },
  };
  return probe;
}

/** Its text does not compile. */
const brokenOperator: Operator = {
  name: 'broken',
  infer: ([x]) => [{ shape: x?.shape ?? [], dtype: 'f32' }],
  lower: (lowering) => {
    const [call] = scaleOperator.lower({ ...lowering, attributes: { factor: 1 } } as LowerContext<{ factor: number }>);
    const { kernel } = call as Dispatch;
    const source = `${kernel.source}\nfn nonsense() -> f32 { return 1u; }`;
    return [{ ...(call as Dispatch), kernel: { name: 'test/broken', source } }];
  },
};

/** A doubling that asks for a probe. */
async function planWith(probe: Probe, hasF16: boolean): Promise<{ plan: Plan; messages: string[] }> {
  const { profile } = context;
  const spy = vi.spyOn(context, 'profile', 'get').mockReturnValue({ ...profile, hasF16 });
  const messages: string[] = [];
  const operator = { ...scaleOperator, probes: () => [probe] } as unknown as Operator;
  const graph = trace(({ x }) => ({ y: applyOne(operator, [x], { factor: 2 }) }), { x: [1, 3] });
  try {
    const plan = await preparePlan(context, graph, { precision: 'half', onMessage: (line) => messages.push(line) });
    return { plan, messages };
  } finally {
    spy.mockRestore();
  }
}

describe('half', () => {
  it('is taken where the probe passes, which runs once per context', async () => {
    const probe = doublingProbe('doubling', [2, 4, 6]);
    for (let i = 0; i < 2; i++) {
      const { plan, messages } = await planWith(probe, true);
      expect(messages).toEqual([]);
      expect(plan.precision).toBe('half');
      expect([...((await plan.run({ x: Float32Array.of(3, 4, 5) }))['y'] ?? [])]).toEqual([6, 8, 10]);
      plan.dispose();
    }
    expect(probe.runs).toBe(1);
  });

  it('is fast where the probe fails, and says which and why, every time', async () => {
    const probe = doublingProbe('wrong doubling', [2, 4, 7]);
    for (let i = 0; i < 2; i++) {
      const { plan, messages } = await planWith(probe, true);
      expect(messages).toEqual([
        'infnet: precision half is not to be had here, fast is taken: wrong doubling: value 2 is 6 in place of 7',
      ]);
      expect(plan.precision).toBe('fast');
      expect([...((await plan.run({ x: Float32Array.of(3, 4, 5) }))['y'] ?? [])]).toEqual([6, 8, 10]);
      plan.dispose();
    }
    expect(probe.runs).toBe(1);
  });

  it("is fast where the probe's kernel does not compile", async () => {
    const { plan, messages } = await planWith(doublingProbe('uncompilable doubling', [2, 4, 6], true), true);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/uncompilable doubling: .*does not compile/s);
    expect(plan.precision).toBe('fast');
    plan.dispose();
  });

  it('is fast without shader-f16, and no probe runs', async () => {
    const probe = doublingProbe('not run', [2, 4, 6]);
    const { plan, messages } = await planWith(probe, false);
    expect(messages).toEqual([
      'infnet: precision half is not to be had here, fast is taken: the device has no shader-f16',
    ]);
    expect(plan.precision).toBe('fast');
    expect(probe.runs).toBe(0);
    plan.dispose();
  });

  it('is told by a schedule made without a device', () => {
    const graph = trace(({ x }) => scale(x, 2), { x: [1, 3] });
    expect(schedule(graph, { precision: 'half' }).precision).toBe('fast');
    const { profile } = context;
    expect(schedule(graph, { precision: 'half', device: { ...profile, hasF16: true } }).precision).toBe('half');
  });
});

describe('constants in another form', () => {
  /** y = x * 2 + w, where a constant w is replaced by its double: a result that tells what was read. */
  const addOperator: Operator<{ factor: number }> = {
    ...scaleOperator,
    absorbConsumer: () => undefined,
    convertConstants: ({ inputs, attributes }, rewrite) => {
      const [x, w] = inputs as readonly [Tensor, Tensor];
      if (!rewrite.isConstant(w)) return undefined;
      const [converted] = rewrite.apply(scaleOperator as unknown as Operator, [w], { factor: 2 });
      return {
        operator: scaleOperator as unknown as Operator,
        inputs: [x, converted as Tensor],
        attributes,
      };
    },
  };
  class Net extends Module {
    readonly w = new Parameter([1, 3], { init: { kind: 'constant', value: 5 } });
    override forward(x: Tensor): Tensor {
      return applyOne(addOperator, [x, this.w], { factor: 2 });
    }
  }

  it.each([false, true])('are computed once, unless they change between runs (%s)', async (liveParameters) => {
    const net = new Net();
    using parameters = new ParameterStore(context, net);
    parameters.initialize(1);
    const graph = trace(({ x }) => ({ y: net.call(x) }), { x: [1, 3] });
    using plan = await preparePlan(context, graph, { parameters, liveParameters });
    expect(plan.schedule.constantDispatches).toHaveLength(liveParameters ? 0 : 1);
    expect([...((await plan.run({ x: Float32Array.of(1, 2, 3) }))['y'] ?? [])]).toEqual(
      liveParameters ? [7, 9, 11] : [12, 14, 16],
    );
  });
});

it('a float16 tensor has two bytes per element', () => {
  expect(byteLength({ shape: [3, 5], dtype: 'f16' })).toBe(30);
  expect(byteLength({ shape: [3, 5], dtype: 'f32' })).toBe(60);
});
