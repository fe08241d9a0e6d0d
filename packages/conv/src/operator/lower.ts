/** How convolution nodes, plain and fused, become dispatches. */
import { type Attributes, byteLength, type Dispatch, type LowerContext, type View } from '@infnet/core';
import type { ConvolutionAlgorithm } from '../forward/algorithm.js';
import { forwardGather, withTransposedWeights } from '../forward/gather.js';
import { GATHERS } from '../forward/registry.js';
import { type Conv2dSettings, conv2dFlops, conv2dGeometry } from '../geometry.js';
import { weightShape } from './transpose-weight.js';

/** Attributes of `conv2d`. */
export interface Conv2dAttributes extends Conv2dSettings {
  /** Overrides the choice by device, shape and precision: for tests, comparisons and tuners. */
  readonly algorithm?: ConvolutionAlgorithm | undefined;
  /** The weights are stored as [ic, kh, kw, oc]: by the planner only, with an algorithm. Default false. */
  readonly transposedWeights?: boolean | undefined;
}

/** What an input of a (fused) convolution is. */
export type OperandRole = 'x' | 'weight' | 'bias' | 'affine' | 'residual' | 'addend' | 'transformedWeight';

/** Dispatches of `act(affine(conv(x + addend, weight)) + residual)`; `roles` names the inputs in their order. */
export function lowerConvolution(
  context: LowerContext<Attributes>,
  attributes: Conv2dAttributes,
  roles: readonly OperandRole[],
  relu: boolean,
): Dispatch[] {
  const views = new Map(roles.map((role, i) => [role, context.inputs[i] as View]));
  const x = views.get('x') as View;
  const weight = views.get('weight') as View;
  const y = context.outputs[0] as View;
  const { transposedWeights = false } = attributes;
  const geometry = conv2dGeometry(
    x.type.shape,
    weightShape(weight.type.shape, transposedWeights),
    attributes,
    'conv2d',
  );
  const gather = transposedWeights ? withTransposedWeights(forwardGather(geometry)) : forwardGather(geometry, weight);
  const { device, precision } = context;
  const { algorithm, tile } = GATHERS.take(attributes.algorithm, { gather, device, precision, rounded: false });
  const bytes = [...views]
    .filter(([role]) => role !== 'transformedWeight')
    .reduce((sum, [, view]) => sum + byteLength(view.type), byteLength(y.type));
  const given = {
    x,
    weight,
    y,
    affine: views.get('affine') ?? views.get('bias'),
    residual: views.get('residual'),
    addend: views.get('addend'),
    transformedWeight: views.get('transformedWeight'),
  };
  const affine = views.has('affine') ? 'scaleShift' : views.has('bias') ? 'bias' : 'none';
  const work = { flops: conv2dFlops(geometry), bytes };
  return algorithm.dispatches({ gather, views: given, epilogue: { affine, relu }, work }, context, tile);
}
