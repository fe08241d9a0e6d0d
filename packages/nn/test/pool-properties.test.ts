/** Pooling in the middle of a graph, any window on odd shapes, against float64 and its finite differences. */
import type { Tensor } from '@infnet/core';
import {
  batchSize,
  checkMidGraph,
  forAllDrawn,
  oddChannels,
  oddExtent,
  spacedValues,
  uniformValues,
} from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { avgPool2d, maxPool2d, type PoolAttributes } from '../src/index.js';
import type { Array64 } from './reference/array.js';
import * as reference from './reference/operators.js';
import { useContext } from './support/harness.js';

/** What the functions take of a window; the kernel is an operand of its own. */
const maxOptions = ({ stride, padding, ceilMode, dilation }: PoolAttributes) => ({
  stride,
  padding,
  ceilMode,
  dilation,
});
const avgOptions = ({ stride, padding, ceilMode }: PoolAttributes) => ({ stride, padding, ceilMode });

const context = useContext();

interface Case {
  readonly shape: readonly [number, number, number, number];
  readonly window: reference.Window;
  readonly countIncludePad: boolean;
  readonly inRange: boolean;
}

type Two = readonly [number, number];
const both = (least: number, most: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

/** Whether every window has a sample inside the map: only then is its maximum, or its mean, defined. */
function defined({ shape, window }: Case): boolean {
  const { kernel, stride, padding, dilation } = window;
  return ([0, 1] as const).every((d) => {
    const size = shape[d + 2] as number;
    if (size + 2 * padding[d] < dilation[d] * (kernel[d] - 1) + 1) return false;
    return Array.from({ length: reference.windows(size, window, d) }, (_, i) => i * stride[d] - padding[d]).every(
      (start) =>
        Array.from({ length: kernel[d] }, (_, u) => start + u * dilation[d]).some((at) => at >= 0 && at < size),
    );
  });
}

function cases(dilations: fc.Arbitrary<Two>, largest: number): fc.Arbitrary<Case> {
  return fc
    .record({
      shape: fc.tuple(batchSize, oddChannels, oddExtent, oddExtent),
      kernel: both(1, largest),
      stride: both(1, 3),
      padding: both(0, 2),
      dilation: dilations,
      ceilMode: fc.boolean(),
      countIncludePad: fc.boolean(),
      inRange: fc.boolean(),
    })
    .map(({ kernel, stride, padding, dilation, ceilMode, ...rest }) => {
      // At most half the kernel, as everywhere in the field.
      const pads = padding.map((p, d) => Math.min(p, Math.floor((kernel[d] as number) / 2))) as [number, number];
      return { ...rest, window: { kernel, stride, padding: pads, dilation, ceilMode } };
    })
    .filter((test) => test.shape.reduce((a, b) => a * b) <= 8000 && defined(test));
}

describe('maxPool2d', () => {
  it('has the gradient of finite differences mid-graph, for any window', async () => {
    await forAllDrawn(
      cases(both(1, 3), 4),
      async ({ shape, window, inRange }) => {
        await checkMidGraph(context(), {
          inputs: { x: spacedValues('x', shape) },
          operator: ({ x }) => [maxPool2d(x as Tensor, window.kernel, maxOptions(window))],
          reference: ({ x }) => [reference.maxPool(x as Array64, window)],
          inRange,
        });
      },
      14,
    );
  });
});

describe('avgPool2d', () => {
  const check = async ({ shape, window, countIncludePad, inRange }: Case): Promise<void> => {
    await checkMidGraph(context(), {
      inputs: { x: uniformValues('x', shape) },
      operator: ({ x }) => [avgPool2d(x as Tensor, window.kernel, { ...avgOptions(window), countIncludePad })],
      reference: ({ x }) => [reference.avgPool(x as Array64, window, countIncludePad)],
      inRange,
    });
  };

  it('has the gradient of finite differences mid-graph, for any window', async () => {
    await forAllDrawn(cases(fc.constant([1, 1]), 4), check, 14);
  });

  it('has them for windows that are taken in two passes', async () => {
    await forAllDrawn(
      cases(fc.constant([1, 1]), 11).filter(({ window }) => window.kernel[0] > 5 && window.kernel[1] > 5),
      check,
      6,
    );
  });
});
