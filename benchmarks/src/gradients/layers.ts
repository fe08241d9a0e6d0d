/** The distinct convolutions of a traced net, each with how often it occurs. */
import {
  type Attributes,
  elementCount,
  type Graph,
  type Operator,
  type Shape,
  standardName,
  type Tensor,
} from '@infnet/core';
import type { LayerShape } from '../peers/protocol.js';

export interface Layer {
  /** `conv2d`, as the trace has it: the benchmark needs nothing else to trace the layer again, alone. */
  readonly operator: Operator;
  readonly attributes: Attributes;
  /** [n, c, h, w] */
  readonly input: Shape;
  /** [oc, c / groups, kh, kw] */
  readonly weight: Shape;
  /** [n, oc, oh, ow] */
  readonly output: Shape;
  /** Times that it occurs in the net. */
  readonly count: number;
  /**
   * Floating-point operations of one occurrence: 2 per multiply-add of the direct convolution, padding counted as work.
   */
  readonly flops: number;
  /** False for a layer that reads an input of the net: nobody asks for the gradient of an image. */
  readonly needsInputGradient: boolean;
  /** Module path of the first occurrence. */
  readonly path: string;
}

/** Layers of equal shapes and attributes are one. In order of first occurrence. */
export function distinctConvolutions(graph: Graph): Layer[] {
  const given = new Set(graph.inputs.values());
  const found = new Map<string, Layer>();
  for (const { operator, attributes, inputs, outputs, scope } of graph.nodes) {
    if (standardName(operator) !== 'conv2d') continue;
    const [x, w, y] = [inputs[0] as Tensor, inputs[1] as Tensor, outputs[0] as Tensor];
    const needsInputGradient = !given.has(x);
    const key = JSON.stringify([x.shape, w.shape, attributes, needsInputGradient]);
    const known = found.get(key);
    const flops = 2 * elementCount(y.shape) * elementCount(w.shape.slice(1));
    const sizes = { input: x.shape, weight: w.shape, output: y.shape };
    found.set(
      key,
      known === undefined
        ? { operator, attributes, ...sizes, count: 1, flops, needsInputGradient, path: scope }
        : { ...known, count: known.count + 1 },
    );
  }
  return [...found.values()];
}

/** Sizes and attributes as plain data. */
export function layerShape({ input, weight, attributes }: Layer): LayerShape {
  const { stride, padding, dilation, groups } = attributes as unknown as LayerShape;
  return { input, weight, stride, padding, dilation, groups };
}

/** `64x88x88, 104x64x1x1, stride 2`: what is not the usual is named. */
export function layerLabel({ input, weight, attributes }: Pick<Layer, 'input' | 'weight' | 'attributes'>): string {
  const usual: Readonly<Record<string, unknown>> = { stride: [1, 1], dilation: [1, 1], groups: 1 };
  const extras = Object.entries(usual)
    .filter(([name, value]) => JSON.stringify(attributes[name]) !== JSON.stringify(value))
    .map(([name]) => ` ${name} ${[attributes[name]].flat().join('x')}`);
  return `${input.join('x')} * ${weight.join('x')}${extras.join('')}`;
}
