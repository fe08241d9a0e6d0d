/** Operands of a call, declared once. */
import { describe, expect, it } from 'vitest';
import { alike, placedCall, placeOperands, rangeTable, rowsCall, sumKernel } from '../src/kernels.js';

describe('placed operands', () => {
  const range = { offset: 3, batchStride: 50 };

  it('lie where their ranges say, the others from the first element on', () => {
    const { ranges, params, sizes } = placeOperands({ x: [2, 3, 4], y: [2, 5] }, { y: range });
    expect(ranges).toEqual({ x: { offset: 0, batchStride: 12 }, y: range });
    expect(params).toEqual({ xOffset: 0, xBatchStride: 12, yOffset: 3, yBatchStride: 50 });
    expect(sizes).toEqual({ x: [[2, 3, 4], { offset: 0, batchStride: 12 }], y: [[2, 5], range] });
  });

  it('may be of one shape, and leave out ranges of operands that are not there', () => {
    const { params } = placeOperands(alike([1, 6], 'a', 'b'), { a: undefined, c: range });
    expect(params).toEqual({ aOffset: 0, aBatchStride: 6, bOffset: 0, bBatchStride: 6 });
  });

  it('have a table by which their ranges are checked', () => {
    expect(rangeTable('x', 'y')).toEqual({ 'ranges?': { 'x?': 'range', 'y?': 'range' } });
  });

  it('make a call of a line of invocations, with parameters and sizes of buffers', () => {
    const call = placedCall('here', sumKernel, {
      operands: { x: [2, 30], y: [2, 5] },
      ranges: { x: range },
      elements: { winner: 7 },
      params: { channels: 4 },
      invocations: 65,
      flops: 3,
      values: 70,
    });
    const params = { xOffset: 3, xBatchStride: 50, yOffset: 0, yBatchStride: 5, channels: 4, count: 65 };
    expect(call).toMatchObject({
      kernel: sumKernel,
      constants: {},
      params,
      workgroups: [2, 1, 1],
      flops: 3,
      bytes: 280,
    });
    expect(call.elements).toEqual({ x: 3 + 50 + 30, y: 10, winner: 7 });
    const overlapping = {
      operands: { x: [2, 60] },
      ranges: { x: range },
      params: {},
      invocations: 1,
      flops: 1,
      values: 1,
    };
    expect(() => placedCall('here', sumKernel, overlapping)).toThrow('KERNEL_RANGE');
  });

  it('make the first call of a sum over rows, which are dealt to workgroups', () => {
    const { partial, partialCount, dealt } = rowsCall('here', sumKernel, {
      operands: alike([2, 600], 'x'),
      rows: 2,
      rowSize: 600,
      parts: 3,
      params: { channels: 4 },
      flops: 5,
      values: 1200,
    });
    expect(dealt).toEqual({ rowSize: 600, rounds: 8, groupsPerRow: 2, count: 4 });
    expect(partialCount).toBe(12);
    expect(partial.params).toEqual({ xOffset: 0, xBatchStride: 600, channels: 4, ...dealt });
    expect(partial).toMatchObject({
      workgroups: [4, 1, 1],
      flops: 5,
      bytes: 4 * 1212,
      elements: { x: 1200, partial: 12 },
    });
  });
});
