/** The vocabulary that kernel calls are written with. */
import { describe, expect, it } from 'vitest';
import { dispatch, type View } from '../src/index.js';
import { describeCall, lineCall, rangeParams, sumPartialsCall, vectorWidth, wholeRange } from '../src/kernels.js';

const view = (label: string): View => ({
  storage: { id: 0, bytes: 4, kind: 'input', label },
  offset: 0,
  batchStride: 1,
  type: { shape: [1], dtype: 'f32' },
});

describe('the vocabulary of calls', () => {
  it('vector loads need sizes, offsets and strides that are multiples of 4', () => {
    expect(vectorWidth(8, 12)).toBe(4);
    expect(vectorWidth(8, 6)).toBe(1);
    expect(vectorWidth(8, { offset: 4, batchStride: 8 })).toBe(4);
    expect(vectorWidth(8, { offset: 2, batchStride: 8 })).toBe(1);
    expect(vectorWidth(8, { offset: 4, batchStride: 9 })).toBe(1);
  });

  it('ranges become parameters; an operand that is not there has none', () => {
    expect(rangeParams({ x: wholeRange([2, 3, 4]), mask: undefined, y: { offset: 5, batchStride: 7 } })).toEqual({
      xOffset: 0,
      xBatchStride: 12,
      yOffset: 5,
      yBatchStride: 7,
    });
  });

  it('a line of invocations is cut into workgroups of 64 and says its count', () => {
    const kernel = { name: 'test/line', source: '' };
    const call = lineCall(kernel, { params: { a: 1 }, invocations: 130, flops: 7, values: 10 });
    expect(call).toEqual({
      kernel,
      constants: {},
      params: { a: 1, count: 130 },
      workgroups: [3, 1, 1],
      flops: 7,
      bytes: 40,
    });
    expect(lineCall(kernel, { params: {}, invocations: 64 * 65536, flops: 0, values: 1 }).workgroups).toEqual([
      32768, 2, 1,
    ]);
  });

  it('a dispatch binds the views that are there', () => {
    const call = sumPartialsCall({ count: 3 });
    const [partial, y] = [view('partial'), view('y')];
    expect(dispatch(call, { partial, scale: undefined, y }).operands).toEqual({ partial, y });
  });

  it('partial sums: what is bound must hold them all and the place of the result', () => {
    const { bindings } = describeCall(sumPartialsCall({ count: 3, factor: 0.5, yOffset: 2 }));
    expect(bindings.map(({ name, minBindingSize }) => [name, minBindingSize])).toEqual([
      ['partial', 12],
      ['y', 12],
    ]);
  });
});
