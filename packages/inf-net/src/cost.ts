/** Figures of a net that need no GPU: parameters, and the multiply-adds of every convolution of a trace. */
import { elementCount, type Graph, type Module, standardName } from '@infnet/core';

/** Multiply-adds of one convolution. */
export interface ConvolutionCost {
  /** Path of the module, e.g. `resnet.layer1.0.conv1`. */
  readonly path: string;
  /** [N, C, H, W] of input and output, [out, in / groups, height, width] of the weight. */
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly weight: readonly number[];
  readonly macs: number;
}

/**
 * Every convolution of a trace, in order. Blocks that are computed as one convolution count as one, with all their
 * work.
 */
export function convolutionCosts(graph: Graph): ConvolutionCost[] {
  return graph.nodes.flatMap(({ operator, inputs: [x, w], outputs: [y], scope }) => {
    if (standardName(operator) !== 'conv2d' || x === undefined || w === undefined) return [];
    const macs = elementCount(y.shape) * elementCount(w.shape.slice(1));
    return [{ path: scope, input: x.shape, output: y.shape, weight: w.shape, macs }];
  });
}

/** Number of trained values; with `unused` also those that the checkpoint has and no forward reads. */
export function parameterCount(
  module: Pick<Module, 'parameters'>,
  options: { readonly unused?: boolean } = {},
): number {
  return module
    .parameters()
    .filter(({ role, unused }) => role === 'parameter' && (options.unused === true || !unused))
    .reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
