/** The distinct convolutions of a traced net, each with how often it occurs. */
import { type Graph, standardName } from '@infnet/core';
import type { LayerShape } from '../peers/protocol.js';

export interface Layer extends LayerShape {
  /** Times that it occurs in the net. */
  readonly count: number;
  /** False for a layer that reads an input of the net: nobody asks for the gradient of an image. */
  readonly needsInputGradient: boolean;
}

/** Layers of equal shapes and attributes are one. In order of first occurrence. */
export function distinctConvolutions(graph: Graph): Layer[] {
  const given = new Set(graph.inputs.values());
  const found = new Map<string, Layer>();
  for (const { operator, attributes, inputs } of graph.nodes) {
    const [x, w] = inputs;
    if (standardName(operator) !== 'conv2d' || x === undefined || w === undefined) continue;
    const { stride, padding, dilation, groups } = attributes as unknown as LayerShape;
    const shape = { input: x.shape, weight: w.shape, stride, padding, dilation, groups };
    const key = JSON.stringify(shape);
    const known = found.get(key) ?? { ...shape, count: 0, needsInputGradient: !given.has(x) };
    found.set(key, { ...known, count: known.count + 1 });
  }
  return [...found.values()];
}

/** `64x88x88 * 104x64x1x1 stride 2x2`: what is not the usual is named. */
export function layerLabel({ input, weight, stride, dilation, groups }: LayerShape): string {
  const extras = Object.entries({ stride, dilation, groups: [groups] })
    .filter(([, values]) => values.some((value) => value !== 1))
    .map(([name, values]) => ` ${name} ${values.join('x')}`);
  return `${input.join('x')} * ${weight.join('x')}${extras.join('')}`;
}
