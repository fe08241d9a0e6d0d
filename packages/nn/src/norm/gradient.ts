/** The gradient of group, instance and layer norm, as an operator. */
import {
  defineOperator,
  elementCount,
  type GraphNode,
  type NamedOperator,
  type Replacement,
  replaceBy,
  requireShape,
  requireType,
  standardName,
} from '@infnet/core';
import type { Slope } from './activation.js';
import { lowerGroupGradient } from './group-gradient.js';
import { groupingOf, type NormOver } from './grouping.js';
import { lowerLayerGradient } from './layer-gradient.js';

export type NormGradientAttributes = {
  readonly over: NormOver;
  /** Whether the input weight is there. */
  readonly weight: boolean;
  /** Which gradients are wanted. */
  readonly ofInput: boolean;
  readonly ofWeight: boolean;
  readonly ofBias: boolean;
  /**
   * Of the activation whose gradient g is, the input mask being its result: of relu 0, of leakyRelu its slope. Set by
   * fusion. Default: g is the gradient of the norm itself, and there is no mask.
   */
  readonly slope?: Slope;
};

const INPUTS = ['g', 'x', 'statistics', 'weight?', 'mask?'] as const;
const OUTPUTS = ['d?', 'ofWeight?', 'ofBias?'] as const;

/**
 * Inputs: gradient of y; x; the statistics [3, groups]; the weight, if there is one; the mask, if there is a slope.
 * Outputs: gradients of x, of weight, of bias, those that are wanted.
 */
export const normGradientOperator: NamedOperator<typeof INPUTS, typeof OUTPUTS, NormGradientAttributes> =
  defineOperator({
    name: 'normGradient',
    inputs: INPUTS,
    outputs: OUTPUTS,
    counts: ({ weight, slope, ofInput, ofWeight, ofBias }) => ({
      inputs: { weight, mask: slope !== undefined },
      outputs: { d: ofInput, ofWeight, ofBias },
    }),
    infer({ g, x, statistics, weight, mask }, { over, ofInput, ofWeight, ofBias }: NormGradientAttributes, where) {
      for (const [name, type] of Object.entries({ g, x, statistics, weight, mask })) {
        if (type !== undefined) requireType(type, 'f32', name, where);
      }
      const { groups, weightShape } = groupingOf(x.shape, over, where);
      requireShape(g.shape, x.shape, 'the gradient', where);
      requireShape(statistics.shape, [3, groups], 'the statistics', where);
      if (mask !== undefined) requireShape(mask.shape, x.shape, 'the mask', where);
      if (weight !== undefined) requireShape(weight.shape, weightShape, 'the weight', where);
      const ofParameter = { shape: weightShape, dtype: 'f32' } as const;
      return {
        ...(ofInput && { d: x }),
        ...(ofWeight && { ofWeight: ofParameter }),
        ...(ofBias && { ofBias: ofParameter }),
      };
    },
    lower({ inputs, outputs: { d, ofWeight, ofBias }, attributes: { over, slope }, ...context }) {
      const grouping = groupingOf(inputs.x.type.shape, over, 'normGradient');
      // The two come together: one that is not asked for goes to memory that nobody reads.
      const asked = ofWeight !== undefined || ofBias !== undefined;
      const size = elementCount(grouping.weightShape);
      const views = {
        ...inputs,
        d,
        ofWeight: ofWeight ?? (asked ? context.scratch(size, 'gradient of weight') : undefined),
        ofBias: ofBias ?? (asked ? context.scratch(size, 'gradient of bias') : undefined),
      };
      const lowerGradient = grouping.kind === 'planes' ? lowerGroupGradient : lowerLayerGradient;
      return lowerGradient(views, grouping, slope, context);
    },
    /** The gradient of an activation that followed is a mask on what is read. */
    absorbProducer({ inputs, attributes }, producer): Replacement | undefined {
      const [mask, g] = producer.inputs;
      const slope = slopeOf(producer);
      if (slope === undefined || producer.outputs[0] !== inputs.g || attributes.slope !== undefined) return undefined;
      if (mask === undefined || g === undefined) return undefined;
      return replaceBy(normGradientOperator, { ...inputs, g, mask }, { ...attributes, slope });
    },
  });

/** Of the activation whose gradient a node computes from its result: of relu 0, of leakyRelu its slope, if above 0. */
function slopeOf({ operator, attributes }: GraphNode): Slope {
  const name = standardName(operator);
  if (name === 'reluGradient') return 0;
  const { slope } = attributes as { readonly slope?: number };
  return name === 'leakyReluGradient' && slope !== undefined && slope > 0 ? slope : undefined;
}
