/** Operators with named operands: what the rules get, in words and in types, and what comes out. */
import { describe, expect, it } from 'vitest';
import {
  type Attributes,
  applyNamed,
  applyOne,
  defineOperator,
  type GradientContext,
  gradients,
  type LowerContext,
  type Operator,
  replaceBy,
  standardName,
  standardOperator,
  sumTensors,
  type Tensor,
  type TensorType,
  trace,
  type View,
} from '../src/index.js';

const f32 = (...shape: number[]): TensorType => ({ shape, dtype: 'f32' });
const none = (): readonly [] => [];

const biased = defineOperator({
  name: 'biased',
  inputs: ['x', 'weight', 'bias?'],
  outputs: ['y', 'mean?'],
  counts: ({ withMean }: { readonly withMean: boolean }) => ({ outputs: { mean: withMean } }),
  infer: ({ x, weight, bias }, { withMean }) => ({
    y: { shape: [...x.shape, ...weight.shape, ...(bias?.shape ?? [])], dtype: x.dtype },
    mean: withMean ? weight : undefined,
  }),
  lower: none,
});

describe('an operator with named operands', () => {
  it('infers by name, with what may be left out there or not', () => {
    expect(biased.infer([f32(1), f32(2)], { withMean: false }, '')).toEqual([f32(1, 2)]);
    expect(biased.infer([f32(1), f32(2), f32(3)], { withMean: true }, '')).toEqual([f32(1, 2, 3), f32(2)]);
  });

  it('knows how many inputs it takes; a list takes any number', () => {
    expect(biased.arity).toEqual([2, 3]);
    const two = defineOperator({
      name: 'two',
      inputs: ['a', 'b'],
      outputs: ['y'],
      infer: ({ a }) => ({ y: a }),
      lower: none,
    });
    expect(two.arity).toBe(2);
    const list = defineOperator({ name: 'list', inputs: ['g', '...xs'], outputs: ['y'], infer: list1, lower: none });
    expect('arity' in list).toBe(false);
    expect(list.infer([f32(9), f32(1), f32(2)], {}, '')).toEqual([f32(1, 2)]);
    expect(list.infer([f32(9)], {}, '')).toEqual([f32()]);
  });

  it.each([[[]], [[f32(1)]], [[f32(1), f32(1), f32(1), f32(1)]]])('refuses %j, and names its operands', (types) => {
    expect(() => biased.infer(types, { withMean: false }, '')).toThrow(
      expect.objectContaining({ code: 'GRAPH_INPUT', message: expect.stringContaining('x, weight, bias?') }),
    );
  });

  it('lowers by name: attributes say which of two that may be left out is there', () => {
    const seen: unknown[] = [];
    const two = defineOperator({
      name: 'two',
      inputs: ['x', 'a?', 'b?', '...rest'],
      outputs: ['y'],
      counts: ({ a, b }: { readonly a: boolean; readonly b: boolean }) => ({ inputs: { a, b } }),
      infer: ({ x }) => ({ y: x }),
      lower({ inputs, outputs }) {
        seen.push(inputs, outputs);
        return [];
      },
    });
    const [x, p, q, y] = ['x', 'p', 'q', 'y'].map((label) => ({ offset: label })) as unknown as [
      View,
      View,
      View,
      View,
    ];
    const context = { outputs: [y] } as unknown as LowerContext<{ readonly a: boolean; readonly b: boolean }>;
    two.lower({ ...context, inputs: [x, p, q], attributes: { a: false, b: true } });
    expect(seen).toEqual([{ x, a: undefined, b: p, rest: [q] }, { y }]);
  });

  it('gives gradients in the order of the inputs, none for those left out', () => {
    const asked: unknown[] = [];
    const operator = defineOperator({
      name: 'product',
      inputs: ['x', '...factors', 'last?'],
      outputs: ['y'],
      counts: () => ({ inputs: { last: true } }),
      infer: ({ x }) => ({ y: x }),
      lower: none,
      gradient({ outputGradients: { y }, needed }) {
        asked.push(needed);
        return { factors: [undefined, y], last: y };
      },
    });
    const g = {} as Tensor;
    const context = { inputs: [g, g, g, g], outputs: [g], attributes: {}, needed: [true, false, true, true] };
    const rule = operator.gradient as (
      given: GradientContext<Record<string, never>>,
    ) => readonly (Tensor | undefined)[];
    expect(rule({ ...context, outputGradients: [g] })).toEqual([undefined, undefined, g, g]);
    expect(asked).toEqual([{ x: true, factors: [false, true], last: true }]);
    // Nothing flows back: the rule is not asked.
    expect(rule({ ...context, outputGradients: [undefined] })).toEqual([]);
    expect(asked.length).toBe(1);
  });

  it('is applied, differentiated and replaced by name', () => {
    const twice = standardOperator(
      defineOperator({
        name: 'twice',
        inputs: ['x'],
        outputs: ['y', 'z'],
        infer: ({ x }) => ({ y: x, z: x }),
        lower: none,
        gradient: ({ outputGradients: { y, z } }) => ({ x: y && z ? sumTensors([y, z]) : (y ?? z) }),
      }),
    );
    expect(standardName(twice)).toBe('twice');
    const graph = trace(
      ({ x }) => {
        const { y, z } = applyNamed(twice, { x }, {});
        const [dx] = gradients([{ output: z, gradient: y }], [x]);
        expect(dx).toBe(y);
        expect(replaceBy(twice, { x: z }, {})).toEqual({ operator: twice, inputs: [z], attributes: {} });
        return { y, z };
      },
      { x: [2] },
    );
    expect([...graph.outputs.keys()]).toEqual(['y', 'z']);
  });

  it('stands beside operators that are written by position', () => {
    const old: Operator = { name: 'old', infer: ([x]) => (x === undefined ? [] : [x]), lower: none };
    const graph = trace(({ x }) => applyOne(old, [x], {}), { x: [3] });
    expect(graph.nodes[0]?.operator).toBe(old);
    const nothing: Operator = { name: 'nothing', infer: none, lower: none };
    expect(() => trace(({ x }) => applyOne(nothing, [x], {}), { x: [3] })).toThrow(
      expect.objectContaining({ code: 'GRAPH_OUTPUT' }),
    );
  });
});

function list1({ xs }: { readonly xs: readonly TensorType[] }): { readonly y: TensorType } {
  return { y: f32(...xs.flatMap(({ shape }) => shape)) };
}

/** Never run: what the compiler must refuse. */
export function types(view: View, tensor: Tensor): void {
  defineOperator({
    name: 'types',
    inputs: ['x', 'bias?', '...parts'],
    outputs: ['y'],
    // @ts-expect-error bias may be left out
    infer({ x, bias, parts }) {
      const given: readonly [TensorType, TensorType | undefined, readonly TensorType[]] = [x, bias, parts];
      return { y: given[0] === x ? bias : x };
    },
    lower({ inputs: { x, bias }, outputs: { y } }) {
      const views: readonly View[] = [x, y, view];
      // @ts-expect-error bias may be left out
      return views.includes(bias) ? [] : [];
    },
    gradient({ inputs, outputGradients: { y: g } }) {
      // The only output always has a gradient.
      const sure: Tensor = g;
      // @ts-expect-error there is no input of this name
      return { x: inputs.x === tensor ? sure : inputs.weight };
    },
  });
  // @ts-expect-error an output is missing
  defineOperator({ name: 'no output', inputs: ['x'], outputs: ['y'], infer: () => ({}), lower: none });
  // @ts-expect-error weight is missing
  applyNamed(biased, { x: tensor }, { withMean: true });
  // @ts-expect-error this attribute is unknown
  applyNamed(biased, { x: tensor, weight: tensor }, { mean: true });
  // Operators of all attributes are operators.
  const any: readonly Operator<Attributes>[] = [biased];
  void any;
}
