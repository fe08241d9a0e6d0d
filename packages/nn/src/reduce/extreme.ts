/** The dispatches of the largest or smallest value over some dimensions, of its place, and of its gradient. */
import { type Dispatch, dispatch, elementCount, type LowerContext, type View } from '@infnet/core';
import {
  broadcastStrides,
  type Kernel,
  type KernelCall,
  type LoopOperand,
  lineCall,
  ownStrides,
  sizedCall,
} from '@infnet/core/kernels';
import source from './extreme.wgsl';
import gradientSource from './extreme-gradient.wgsl';
import { countParams, loopParams, lowerReduction, partCount, reductionLoops, three } from './reduce.js';

export const extremeKernel: Kernel = { name: 'nn/extreme', source };
export const extremeGradientKernel: Kernel = { name: 'nn/extreme-gradient', source: gradientSource };

/** What is sought: the largest or the smallest, its value or its index among the reduced. */
export interface Extreme {
  readonly least: boolean;
  readonly out: 'value' | 'index';
}

export function lowerExtreme(
  { x, y, kept: keptY, least, out }: Extreme & { x: View; y: View; kept: Pick<LoopOperand, 'shape' | 'strides'> },
  { scratch }: Pick<LowerContext, 'scratch'>,
): readonly Dispatch[] {
  const operand = { shape: x.type.shape, range: x };
  const loops = reductionLoops(operand, undefined, { ...keptY, range: y });
  const kept = three(loops.kept);
  let reduced = three(loops.reduced);
  const places = elementCount(kept.map(({ size }) => size));
  const dispatches: Dispatch[] = [];
  let pairs: View | undefined;
  for (;;) {
    const length = elementCount(reduced.map(({ size }) => size));
    const parts = partCount(places, length);
    const last = parts === 1;
    const to = last ? y : scratch(2 * places * parts, 'pairs');
    const read = pairs === undefined ? loopParams('x', x.offset, kept, reduced, 0) : {};
    const toY = Object.fromEntries(kept.map(({ strides }, i) => [`yKept${i}`, strides[2] as number]));
    const call: KernelCall = lineCall(extremeKernel, {
      constants: {
        FROM_PAIRS: Number(pairs !== undefined),
        OUT: last ? (out === 'value' ? 1 : 2) : 0,
        LEAST: Number(least),
        PARTS_INNER: Number(reduced[2]?.strides[0] === 1),
      },
      params: {
        ...read,
        ...(last && { yOffset: y.offset, ...toY }),
        ...countParams(kept, reduced, parts),
      },
      invocations: places * parts,
      flops: places * length,
      values: places * (length * (pairs === undefined ? 1 : 2) + (last ? 1 : 2 * parts)),
    });
    const from: Readonly<Record<string, View>> = pairs === undefined ? { x } : { pairs };
    dispatches.push(dispatch(sizedCall('a reduction', call, {}), { ...from, ...(last ? { y: to } : { merged: to }) }));
    if (last) return dispatches;
    pairs = to;
    reduced = three([{ size: parts, strides: [1, 1] }]);
  }
}

/** y and g have x's rank, and the size 1 where they were reduced. */
export function lowerExtremeGradient(
  { x, y, g, d }: Readonly<Record<'x' | 'y' | 'g' | 'd', View>>,
  { scratch }: Pick<LowerContext, 'scratch'>,
): readonly Dispatch[] {
  const { shape } = x.type;
  const memory = scratch(elementCount(y.type.shape), 'how many tie');
  const whole = { offset: 0, batchStride: elementCount(y.type.shape.slice(1)) };
  const tied: View = { ...memory, ...whole, type: y.type };
  const strides = (name: string, view: View): Record<string, number> => {
    const own = { shape: view.type.shape, range: view };
    const all = view === x || view === d ? ownStrides(own) : broadcastStrides(own, shape);
    const four = [...Array<number>(4 - all.length).fill(0), ...all];
    return Object.fromEntries(four.map((stride, i) => [`${name}${i}`, stride]));
  };
  const [, size1 = 1, size2 = 1, size3 = 1] = [...Array<number>(4 - shape.length).fill(1), ...shape];
  const values = elementCount(shape);
  const call = lineCall(extremeGradientKernel, {
    params: {
      size1,
      size2,
      size3,
      ...Object.fromEntries(Object.entries({ x, y, g, d }).map(([name, { offset }]) => [`${name}Offset`, offset])),
      ...strides('x', x),
      ...strides('d', d),
      ...strides('y', y),
      ...strides('g', g),
      ...strides('tied', tied),
    },
    invocations: values,
    flops: 2 * values,
    values: 2 * values + 3 * elementCount(y.type.shape),
  });
  return [
    ...lowerReduction({ x, z: y, y: tied, term: 'equal', scale: 1 }, { scratch }),
    dispatch(sizedCall('a reduction', call, { x: [shape, x], d: [shape, d] }), { x, y, g, tied, d }),
  ];
}
