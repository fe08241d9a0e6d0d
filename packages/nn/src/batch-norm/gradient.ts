/** The gradient of batch norm: two sums per channel, then one pass over the input. */
import {
  type Dispatch,
  defineOperator,
  dispatch,
  type LowerContext,
  MOST_EPS,
  type NamedOperator,
  type Replacement,
  replaceBy,
  requireBetween,
  requireShape,
  requireType,
  standardName,
  type View,
} from '@infnet/core';
import { batchNormGradientInputCall, batchNormGradientSumsCall, finalSumsCall } from './gradient-calls.js';
import { mergedSums } from './merged-sums.js';
import { channelParts } from './statistics.js';

export type BatchNormGradientAttributes = {
  readonly eps: number;
  /** The statistics are the batch's own (training). */
  readonly batch: boolean;
  /** Whether output 0, the gradient of x, is wanted. */
  readonly ofInput: boolean;
  /** Whether outputs 1 and 2, the gradients of weight and bias, are wanted. */
  readonly ofParameters: boolean;
  /**
   * The last input is the result of a relu, and the first one the gradient of that result. Set by fusion. Default
   * false.
   */
  readonly masked?: boolean;
};

const INPUTS = ['g', 'x', 'weight', 'statistics?', 'mean?', 'variance?', 'mask?'] as const;
const OUTPUTS = ['d?', 'ofWeight?', 'ofBias?'] as const;

/**
 * Inputs: gradient of y, x, weight; the statistics [3, C] of the batch, or running mean and variance; the mask, if
 * masked. Outputs: gradients of x, of weight, of bias, those that are wanted.
 */
export const batchNorm2dGradientOperator: NamedOperator<typeof INPUTS, typeof OUTPUTS, BatchNormGradientAttributes> =
  defineOperator({
    name: 'batchNorm2dGradient',
    inputs: INPUTS,
    outputs: OUTPUTS,
    counts: ({ batch, ofInput, ofParameters, masked = false }) => ({
      inputs: { statistics: batch, mean: !batch, variance: !batch, mask: masked },
      outputs: { d: ofInput, ofWeight: ofParameters, ofBias: ofParameters },
    }),
    infer(inputs, { eps, ofInput, ofParameters }, where) {
      const { g, x, weight, statistics, mean, variance, mask } = inputs;
      requireBetween(eps, 0, MOST_EPS, 'epsilon', where);
      for (const input of Object.values(inputs)) if (input) requireType(input, 'f32', 'an input', where);
      requireShape(g.shape, x.shape, 'the gradient', where);
      if (mask !== undefined) requireShape(mask.shape, x.shape, 'the mask', where);
      const channels = x.shape[1] as number;
      requireShape(weight.shape, [channels], 'the weight', where);
      if (statistics !== undefined) requireShape(statistics.shape, [3, channels], 'the statistics', where);
      for (const figure of [mean, variance]) {
        if (figure !== undefined) requireShape(figure.shape, [channels], 'the statistics', where);
      }
      return { ...(ofInput && { d: x }), ...(ofParameters && { ofWeight: weight, ofBias: weight }) };
    },
    lower({ inputs, outputs, attributes: { eps, batch, ofParameters }, scratch, device }) {
      const { g, x, weight, statistics, mean, variance, mask } = inputs;
      const { d } = outputs;
      const dispatches: Dispatch[] = [];
      const channels = weight.type.shape[0] as number;
      const ofWeight = outputs.ofWeight ?? scratch(channels, 'gradient of weight');
      const ofBias = outputs.ofBias ?? scratch(channels, 'gradient of bias');
      if (ofParameters || batch) {
        const views = { x, g, mask, figures: there({ statistics, mean, variance }), ofBias, ofWeight };
        dispatches.push(...lowerSums(views, { eps, batch }, { scratch, device }));
      }
      if (d !== undefined) {
        const offsets = {
          weight: weight.offset,
          ...(statistics && { statistics: statistics.offset }),
          ...(variance && { variance: variance.offset }),
          sumG: ofBias.offset,
          sumGH: ofWeight.offset,
        };
        const call = batchNormGradientInputCall({ shape: x.type.shape, eps, batch, x, g, mask, d, offsets });
        const figures = batch ? { x, statistics, sumG: ofBias, sumGH: ofWeight } : { variance };
        dispatches.push(dispatch(call, { g, weight, d, ...figures, mask }));
      }
      return dispatches;
    },
    /** The gradient of a relu that followed is a mask on what is read. */
    absorbProducer({ inputs, attributes }, producer): Replacement | undefined {
      const isOfRelu = standardName(producer.operator) === 'reluGradient' && producer.outputs[0] === inputs.g;
      const [mask, g] = producer.inputs;
      if (!isOfRelu || attributes.masked === true || mask === undefined || g === undefined) return undefined;
      return replaceBy(batchNorm2dGradientOperator, { ...inputs, g, mask }, { ...attributes, masked: true });
    },
  });

/** The views that are there. */
function there(views: Readonly<Record<string, View | undefined>>): Readonly<Record<string, View>> {
  const found: Record<string, View> = {};
  for (const [name, view] of Object.entries(views)) if (view !== undefined) found[name] = view;
  return found;
}

interface SumsViews {
  readonly x: View;
  readonly g: View;
  readonly mask: View | undefined;
  /** The batch's statistics, or running mean and variance. */
  readonly figures: Readonly<Record<string, View>>;
  readonly ofBias: View;
  readonly ofWeight: View;
}

/** The dispatches that make the gradients of bias and weight. */
function lowerSums(
  { x, g, mask, figures, ofBias, ofWeight }: SumsViews,
  options: { readonly eps: number; readonly batch: boolean },
  { scratch, device }: Pick<LowerContext, 'scratch' | 'device'>,
): Dispatch[] {
  const { shape } = x.type;
  const plan = channelParts(shape, device);
  const { channels, parts } = plan;
  const results = { first: ofBias.offset, second: ofWeight.offset };
  const whole = parts === 1 ? results : undefined;
  const offsets = Object.fromEntries(Object.entries(figures).map(([name, { offset }]) => [name, offset]));
  const measure = batchNormGradientSumsCall({ shape, x, g, mask, offsets, parts, whole, ...options });
  const operands = { x, g, ...figures, ...(mask && { mask }) };
  if (whole !== undefined) return [dispatch(measure, { ...operands, first: ofBias, second: ofWeight })];
  const sums = scratch(2 * channels * parts, 'sums');
  const merged = mergedSums(channels, parts, sums, { scratch });
  const last = finalSumsCall(channels, merged.parts, results);
  return [
    dispatch(measure, { ...operands, sums }),
    ...merged.dispatches,
    dispatch(last, { sums: merged.sums, first: ofBias, second: ofWeight }),
  ];
}
