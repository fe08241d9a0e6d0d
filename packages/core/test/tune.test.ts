/** The tuner with an operator whose candidates are right, wrong, broken, slow and fast by construction. */
import { thrownBy } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyOne,
  type Context,
  type Dispatch,
  InfnetError,
  type LowerContext,
  Module,
  type Operator,
  open,
  Parameter,
  ParameterStore,
  preparePlan,
  type Tensor,
  trace,
} from '../src/index.js';
import { adapterKey, parseTuning, type Tuning, tune } from '../src/tune/index.js';
import { scaleOperator } from './operators.js';

/** Doubles x. `own` computes it a hundred times over, `quick` once; `wrong` is off by a thousandth, `broken` throws. */
const doubleOperator: Operator = {
  name: 'double',
  infer: ([x]) => [{ shape: x?.shape ?? [], dtype: 'f32' }],
  candidates: ({ inputs }) => ({ key: `double ${inputs[0]?.shape}`, names: ['own', 'wrong', 'broken', 'quick'] }),
  lower: (context) => {
    const key = `double ${context.inputs[0]?.type.shape}`;
    const name = context.device.tuning?.[key] ?? 'own';
    if (name === 'broken') throw new InfnetError({ code: 'KERNEL_UNAVAILABLE', message: 'not on this device' });
    const factor = name === 'wrong' ? 2.002 : 2;
    const [once] = scaleOperator.lower({ ...context, attributes: { factor } } as LowerContext<{ factor: number }>);
    return Array.from({ length: name === 'own' ? 100 : 1 }, () => once as Dispatch);
  },
};
const double = (x: Tensor): Tensor => applyOne(doubleOperator, [x], {});

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const graph = () => trace(({ x }) => double(double(x)), { x: [1, 4, 128, 128] });
const dispatches = async (options = {}) => {
  using plan = await preparePlan(context, graph(), options);
  return plan.schedule.dispatches.length;
};

describe('tune', () => {
  let tuning: Tuning;
  it('takes the fastest candidate that is right, and says why the others are out', async () => {
    const phases: string[] = [];
    tuning = await tune(context, graph(), {
      rounds: 3,
      wholeRounds: 3,
      onProgress: ({ phase, done, total }) => phases.push(`${phase} ${done}/${total}`),
    });
    expect(tuning.adapter).toBe(adapterKey(context.adapter));
    expect(tuning.choices).toEqual({ 'double 1,4,128,128': 'quick' });
    const [layer, ...others] = tuning.layers;
    expect(others).toEqual([]);
    expect(layer).toMatchObject({ own: 'own', count: 2 });
    expect(layer?.refused).toEqual({
      wrong: expect.stringMatching(/^differs by 1\.0e-3/),
      broken: expect.stringContaining('not on this device'),
    });
    expect(layer?.seconds['quick']).toBeLessThan(layer?.seconds['own'] as number);
    expect(Object.keys(layer?.seconds ?? {}).sort()).toEqual(['own', 'quick']);
    expect([tuning.whole.own.length, tuning.whole.tuned.length]).toEqual([3, 3]);
    expect(phases).toEqual(['layers 0/1', 'layers 1/1', 'whole 0/3', 'whole 0/3', 'whole 1/3', 'whole 2/3']);
  });

  it('is used by plans made afterwards, by one plan, or no more', async () => {
    expect(await dispatches()).toBe(200);
    expect(await dispatches({ tuning: tuning.choices })).toBe(2);
    context.useTuning(tuning);
    expect(await dispatches()).toBe(2);
    expect(await dispatches({ tuning: {} })).toBe(200);
    const again = await tune(context, graph(), { rounds: 1, wholeRounds: 1 });
    expect(again.layers[0]?.own).toBe('own');
    context.useTuning(undefined);
    expect(await dispatches()).toBe(200);
  });

  it('keeps nothing that is not faster by the margin, or not faster in the whole', async () => {
    const none = await tune(context, graph(), { rounds: 1, margin: 1 });
    expect(none.choices).toEqual({});
    expect(none.whole).toEqual({ own: [], tuned: [] });
  });

  it('measures a layer with its constants as constants, unless they change between runs', async () => {
    const seen: string[] = [];
    const adding: Operator = {
      name: 'adding',
      infer: ([x]) => [{ shape: x?.shape ?? [], dtype: 'f32' }],
      candidates: ({ inputs }) => ({ key: `adding ${inputs[0]?.shape}`, names: ['own', 'other'] }),
      lower: (lowering) => {
        seen.push(lowering.inputs[1]?.storage.kind as string);
        return scaleOperator.lower({ ...lowering, attributes: { factor: 2 } } as LowerContext<{ factor: number }>);
      },
    };
    class Net extends Module {
      readonly w = new Parameter([2, 3]);
      override forward(x: Tensor): Tensor {
        return applyOne(adding, [x, this.w], {});
      }
    }
    const net = new Net();
    using parameters = new ParameterStore(context, net);
    parameters.initialize(1);
    const made = trace(({ x }) => net.call(x as Tensor), { x: [2, 3] });
    const said: string[] = [];
    const onMessage = (line: string) => said.push(line);
    await tune(context, made, { parameters, rounds: 1, wholeRounds: 1, precision: 'half', onMessage });
    expect(said).toHaveLength(context.profile.hasF16 ? 0 : 1);
    expect(seen.slice(0, 2)).toEqual(['parameter', 'parameter']);
    seen.length = 0;
    await tune(context, made, { parameters, rounds: 1, wholeRounds: 1, liveParameters: true });
    expect(seen.slice(0, 2)).toEqual(['input', 'input']);
  });

  it('survives a file; what is not a tuning, or one of another adapter, is refused', () => {
    expect(parseTuning(JSON.stringify(tuning))).toEqual(tuning);
    for (const text of ['', '[]', 'null', '{"version":2}', JSON.stringify({ ...tuning, choices: { a: 1 } })]) {
      expect(thrownBy(() => parseTuning(text, 'file.json')).code).toBe('TUNING_INVALID');
    }
    expect(thrownBy(() => context.useTuning({ ...tuning, adapter: 'another' })).code).toBe('TUNING_ADAPTER');
    expect(context.profile.tuning).toBeUndefined();
  });
});
