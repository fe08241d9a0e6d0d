/** Operands of a call, declared once. */
import { describe, expect, it } from 'vitest';
import { alike, placeOperands, rangeTable } from '../src/kernels.js';

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
});
