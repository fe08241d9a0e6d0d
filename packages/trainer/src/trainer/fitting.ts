/** What could be trained in place of a step for which there is no memory. */
import type { InputSpec, Shape } from '@infnet/core';
import type { BlockOf } from '../step/recompute.js';
import { atSide, largestSide, largestWhere, sideOf } from '../what-fits.js';

export interface AskedStep {
  readonly batchSize: number;
  readonly recompute: boolean | BlockOf;
  /** Shapes without the batch dimension. */
  readonly inputs: Readonly<Record<string, InputSpec>>;
}

/**
 * Changes by which the step would fit, each by itself, as options.
 *
 * @param sizeMultiple what sizes are a multiple of
 * @param suits whether there is memory for a step
 */
export function fittingSteps(
  asked: AskedStep,
  sizeMultiple: number,
  suits: (step: AskedStep) => boolean,
): readonly string[] {
  const batchWith = (recompute: AskedStep['recompute']): number =>
    largestWhere(asked.batchSize - 1, (batchSize) => suits({ ...asked, batchSize, recompute }));
  const found: string[] = [];
  const batch = batchWith(asked.recompute);
  if (batch > 0) found.push(`{ batchSize: ${batch} }`);
  if (asked.recompute === false) {
    if (suits({ ...asked, recompute: true })) found.push('{ recompute: true }');
    else {
      const more = batchWith(true);
      if (more > batch) found.push(`{ batchSize: ${more}, recompute: true }`);
    }
  }
  const side = sideOf(Object.values(asked.inputs).map(shapeOf)) ?? 0;
  const smaller = largestSide(side, sizeMultiple, (to) =>
    suits({ ...asked, inputs: withSide(asked.inputs, side, to) }),
  );
  if (smaller !== undefined) found.push(`maps of ${smaller} x ${smaller}`);
  return found;
}

function withSide(inputs: AskedStep['inputs'], from: number, to: number): AskedStep['inputs'] {
  const scaled = (spec: InputSpec): InputSpec =>
    'shape' in spec ? { ...spec, shape: atSide(spec.shape, from, to) } : atSide(spec, from, to);
  return Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, scaled(spec)]));
}

export function shapeOf(spec: InputSpec): Shape {
  return 'shape' in spec ? spec.shape : spec;
}
