/** Joins that begin as an earlier one are views of one tensor: a dense block costs what nested joins do. */
import { evaluate, gradients, type Schedule, schedule, type Tensor, trace } from '@infnet/core';
import { describe, expect, it } from 'vitest';
import { concat, mean, mul, narrow, sigmoid } from '../src/index.js';
import { random, useContext } from './support/harness.js';

const context = useContext();

const CHANNELS = 3;
const LAYERS = 6;
const shape = [2, CHANNELS, 3, 5];

/** A layer that reads all maps so far and makes three new ones. */
const layer = (x: Tensor): Tensor => sigmoid(mul(narrow(x, 1, 0, 3), narrow(x, 1, (x.shape[1] as number) - 3, 3)));

function flat(x: Tensor): Tensor {
  const all = [sigmoid(x)];
  for (let i = 0; i < LAYERS; i++) all.push(layer(concat(all)));
  return concat(all);
}

function nested(x: Tensor): Tensor {
  let all = sigmoid(x);
  for (let i = 0; i < LAYERS; i++) all = concat([all, layer(all)]);
  return all;
}

const count = ({ dispatches }: Schedule, operator: string): number =>
  dispatches.filter((each) => each.operator === operator).length;
const bytes = ({ dispatches }: Schedule): number => dispatches.reduce((sum, each) => sum + each.bytes, 0);

describe('a dense block', () => {
  const graphOf = (block: (x: Tensor) => Tensor) => trace(({ x }) => block(x), { x: shape });
  const [written, asNested] = [flat, nested].map((block) => schedule(graphOf(block))) as [Schedule, Schedule];

  it('moves and keeps as much as nested joins', () => {
    expect(count(written, 'concat')).toBeLessThanOrEqual(LAYERS);
    expect(count(schedule(graphOf(flat), { fusion: false }), 'concat')).toBeGreaterThan(2 * LAYERS);
    expect(bytes(written)).toBe(bytes(asNested));
    expect(written.memory.activations).toBe(asNested.memory.activations);
  });

  it('gives the same bits, with its gradient, as without any sharing', async () => {
    const both = (block: (x: Tensor) => Tensor) => (inputs: Readonly<Record<'x', Tensor>>) => {
      const y = block(inputs.x);
      return { y, g: gradients(mean(mul(y, y)), [inputs.x])[0] as Tensor };
    };
    const x = random('dense', shape);
    const [shared, apart] = [
      await evaluate(context(), both(flat), { x }),
      await evaluate(context(), both(flat), { x }, { fusion: false }),
    ];
    expect(shared).toEqual(apart);
  });
});

describe('joins that are alike', () => {
  const three = (x: Tensor) => [narrow(x, 1, 0, 1), narrow(x, 1, 1, 1), x].map((part) => sigmoid(part));
  const inputsOf = (join: (parts: readonly Tensor[]) => readonly Tensor[]): readonly (readonly number[])[] => {
    const { nodes } = schedule(trace(({ x }) => join(three(x)), { x: shape }));
    const joins = nodes.filter(({ operator }) => operator.name === 'concat');
    return joins.map(({ inputs }) => inputs.map((input) => input.shape[1] as number));
  };

  it('share what the shorter one has, if that is the larger part', () => {
    expect(inputsOf(([a, b, c]) => [concat([c, a] as Tensor[]), concat([c, a, b] as Tensor[])])).toEqual([
      [3, 1],
      [4, 1],
    ]);
    expect(inputsOf(([a, b, c]) => [concat([a, b] as Tensor[]), concat([a, b, c] as Tensor[])])).toEqual([
      [1, 1],
      [1, 1, 3],
    ]);
  });

  it('are left alone where the order or the axis is another', () => {
    expect(inputsOf(([a, b, c]) => [concat([a, c] as Tensor[]), concat([c, a, b] as Tensor[])])).toEqual([
      [1, 3],
      [3, 1, 1],
    ]);
    expect(inputsOf(([a, b]) => [concat([a, b] as Tensor[], 0), concat([a, b, a] as Tensor[], 0)])).toEqual([
      [1, 1],
      [1, 1, 1],
    ]);
  });
});
