/** Batch norm in the middle of a graph, in both modes, on odd shapes, against float64 and its finite differences. */
import type { HostTensor, Tensor } from '@infnet/core';
import { checkMidGraph, forAllDrawn, type MidGraphCase, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { batchNorm2d } from '../src/index.js';
import type { Array64 } from './reference/array.js';
import * as reference from './reference/operators.js';
import { useContext } from './support/harness.js';

const context = useContext();

/** Inputs and operator; the running statistics are not differentiated. */
function caseOf(shape: readonly number[], training: boolean): Omit<MidGraphCase, 'reference'> {
  const channels = [shape[1] as number];
  const fixed: Record<string, HostTensor> = {
    mean: uniformValues('mean', channels),
    variance: uniformValues('variance', channels, 0.7, 1.5),
  };
  return {
    inputs: {
      x: uniformValues('x', shape, 2, 0.3),
      weight: uniformValues('weight', channels, 0.5, 1),
      bias: uniformValues('bias', channels),
    },
    fixed,
    operator: ({ x, weight, bias, mean, variance }) => [
      batchNorm2d(x as Tensor, weight as Tensor, bias as Tensor, mean as Tensor, variance as Tensor, {
        training,
        eps: 1e-3,
      }),
    ],
  };
}

const wanted = fc.constantFrom(['x', 'weight', 'bias'], ['x', 'weight', 'bias'], ['x'], ['weight', 'bias'], ['bias']);

describe('batchNorm2d', () => {
  it('in inference has the gradients of finite differences mid-graph, on any shape', async () => {
    const cases = fc.record({ shape: oddImages(), wanted, inRange: fc.boolean() });
    await forAllDrawn(cases, async ({ shape, wanted, inRange }) => {
      await checkMidGraph(context(), {
        ...caseOf(shape, false),
        reference: ({ x, weight, bias, mean, variance }) => [
          reference.batchNorm(
            x as Array64,
            weight as Array64,
            bias as Array64,
            (mean as Array64).data,
            (variance as Array64).data,
            1e-3,
          ),
        ],
        wanted,
        inRange: inRange,
      });
    });
  });

  it('in training has the gradients of finite differences mid-graph, on any shape', async () => {
    // Two values per channel are normalised to +1 and -1 whatever they are: their gradient is nothing but rounding.
    const shapes = oddImages().filter(([n, , h, w]) => n * h * w > 4);
    const cases = fc.record({ shape: shapes, wanted, inRange: fc.boolean() });
    await forAllDrawn(
      cases,
      async ({ shape, wanted, inRange }) => {
        await checkMidGraph(context(), {
          ...caseOf(shape, true),
          reference: ({ x, weight, bias }) => [
            reference.batchNormTraining(x as Array64, weight as Array64, bias as Array64, 1e-3),
          ],
          wanted,
          inRange,
        });
      },
      12,
    );
  });

  it('takes [N, C] and [N, C, L] too', async () => {
    for (const shape of [
      [7, 26],
      [3, 3, 13],
    ]) {
      await checkMidGraph(context(), {
        ...caseOf(shape, true),
        reference: ({ x, weight, bias }) => [
          reference.batchNormTraining(x as Array64, weight as Array64, bias as Array64, 1e-3),
        ],
      });
    }
  });
});
