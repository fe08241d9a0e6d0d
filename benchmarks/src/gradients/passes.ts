/**
 * The three passes of one convolution as plans of their own: forward, gradient of the input, gradient of the weights.
 */
import {
  applyOne,
  type Context,
  type Graph,
  type Plan,
  preparePlan,
  type RunInputs,
  type Shape,
  type Tensor,
  trace,
} from '@infnet/core';
import type { Layer } from './layers.js';

export type PassName = 'forward' | 'inputGradient' | 'weightGradient';
export const PASSES: readonly PassName[] = ['forward', 'inputGradient', 'weightGradient'];

/** One pass, ready to run. */
export interface Pass {
  readonly name: PassName;
  readonly plan: Plan;
  readonly inputs: RunInputs;
}

/** x [n, c, h, w], w [oc, c / groups, kh, kw], and g [n, oc, oh, ow], the gradient of the output. */
export interface LayerData {
  readonly x: Float32Array<ArrayBuffer>;
  readonly w: Float32Array<ArrayBuffer>;
  readonly g: Float32Array<ArrayBuffer>;
}

const READS: Readonly<Record<PassName, readonly (keyof LayerData)[]>> = {
  forward: ['x', 'w'],
  inputGradient: ['g', 'w'],
  weightGradient: ['g', 'x'],
};

/** Prepares the passes of a layer that training needs. */
export async function preparePasses(context: Context, layer: Layer, data: LayerData): Promise<Pass[]> {
  const passes: Pass[] = [];
  for (const name of PASSES) {
    if (name === 'inputGradient' && !layer.needsInputGradient) continue;
    const plan = await preparePlan(context, tracePass(layer, name));
    passes.push({ name, plan, inputs: Object.fromEntries(READS[name].map((key) => [key, data[key]])) });
  }
  return passes;
}

/** A graph with one pass of the layer in it, by the operator's own gradient rule. */
export function tracePass(layer: Layer, name: PassName): Graph {
  const { operator, attributes, input: x, weight: w, output: g } = layer;
  if (name === 'forward') return trace((inputs) => applyOne(operator, [inputs.x, inputs.w], attributes), { x, w });
  const shapes: Readonly<Record<string, Shape>> = name === 'inputGradient' ? { g, w } : { g, x };
  return trace((inputs) => {
    const { graph } = inputs['g'] as Tensor;
    // The rule looks at the types of what it does not read: a tensor that no node makes and nothing uses.
    const absent = (shape: Shape): Tensor => graph.tensor({ shape, dtype: 'f32' }, undefined);
    const found = operator.gradient?.({
      attributes,
      inputs: [inputs['x'] ?? absent(x), inputs['w'] ?? absent(w)],
      outputs: [absent(g)],
      outputGradients: [inputs['g']],
      needed: [name === 'inputGradient', name === 'weightGradient'],
    });
    return found?.[name === 'inputGradient' ? 0 : 1] as Tensor;
  }, shapes);
}
