/** Lines and segments, without a device. */
import { apply, Graph, Parameter, type Tensor } from '@infnet/core';
import { relu } from '@infnet/nn';
import { batchNorm2dGradientOperator } from '@infnet/nn/kernels';
import { describe, expect, it } from 'vitest';
import { layOutLines } from '../src/optimizer/lines.js';
import { type Segment, segmentTable } from '../src/optimizer/segments.js';

const graph = new Graph();

function values(shapes: readonly (readonly number[])[]): Map<Parameter, Tensor> {
  return new Map(
    shapes.map((shape, i) => [new Parameter(shape), relu(graph.input(`${i} ${shape}`, { shape, dtype: 'f32' }))]),
  );
}

describe('lines', () => {
  it('hold values in order, aligned, and begin anew where 64 MiB end', () => {
    const { lengths, places } = layOutLines(values([[3, 5], [64], [2 ** 12, 2 ** 11], [2 ** 12, 2 ** 11], [1]]));
    expect([...places.values()]).toEqual([
      { line: 0, start: 0 },
      { line: 0, start: 64 },
      { line: 0, start: 128 },
      { line: 1, start: 0 },
      { line: 1, start: 2 ** 23 },
    ]);
    expect(lengths).toEqual([128 + 2 ** 23, 2 ** 23 + 64]);
  });

  it('give a tensor that is longer than a line one of its own', () => {
    const { lengths } = layOutLines(values([[7], [2 ** 13, 2 ** 12], [9]]));
    expect(lengths).toEqual([64, 2 ** 25, 64]);
  });

  it('keep the results of one kernel apart', () => {
    const shape = [2, 3, 4, 4];
    const [x, g] = ['x', 'g'].map((name) => graph.input(`bn ${name}`, { shape, dtype: 'f32' })) as [Tensor, Tensor];
    const w = graph.input('bn w', { shape: [3], dtype: 'f32' });
    const statistics = graph.input('bn statistics', { shape: [3, 3], dtype: 'f32' });
    const wanted = { eps: 1e-5, batch: true, ofInput: true, ofParameters: true };
    const results = apply(batchNorm2dGradientOperator, [g, x, w, statistics], wanted);
    const [weight, bias] = [new Parameter([3]), new Parameter([3])];
    const layout = layOutLines(
      new Map([
        [weight, results[1] as Tensor],
        [bias, results[2] as Tensor],
      ]),
    );
    expect([layout.places.get(weight)?.line, layout.places.get(bias)?.line]).toEqual([0, 1]);
  });
});

describe('segments', () => {
  const segment = (slab: number, line: number, state: number, count: number, start = 0): Segment => ({
    parameter: new Parameter([count]),
    slab,
    slabStart: start,
    line,
    lineStart: start + 1,
    state,
    stateStart: start + 2,
    count,
    learningRate: 0.5,
    weightDecay: 0.25,
  });

  it('are grouped by their buffers, with their places in the table', () => {
    const { groups, words, segments } = segmentTable([
      segment(1, 1, 0, 10),
      segment(0, 0, 0, 100_000, 64),
      segment(1, 0, 0, 1),
      segment(0, 0, 0, 7, 128),
      segment(0, 0, 1, 5),
    ]);
    expect(groups.map(({ slab, line, state, first, count }) => [slab, line, state, first, count])).toEqual([
      [0, 0, 0, 0, 2],
      [0, 0, 1, 2, 1],
      [1, 0, 0, 3, 1],
      [1, 1, 0, 4, 1],
    ]);
    expect(groups[0]).toMatchObject({ values: 100_007, workgroups: Math.ceil(100_000 / 4096) });
    expect([...words.slice(0, 4)]).toEqual([64, 65, 66, 100_000]);
    expect([...new Float32Array(words.buffer, 16, 2)]).toEqual([0.5, 0.25]);
    expect(segments[4]?.count).toBe(10);
  });

  it('need a dispatch more where there are more than a dimension of workgroups takes', () => {
    const { groups } = segmentTable(Array.from({ length: 70_000 }, () => segment(0, 0, 0, 1)));
    expect(groups.map(({ first, count }) => [first, count])).toEqual([
      [0, 65_535],
      [65_535, 4465],
    ]);
  });
});
