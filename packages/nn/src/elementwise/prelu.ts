/** prelu: x where x > 0, else a learnt slope times x. */
import {
  applyOne,
  defineOperator,
  formatShape,
  Module,
  type Operator,
  Parameter,
  requireInteger,
  type Shape,
  sameShape,
  shapeError,
  standardOperator,
  Tensor,
  type TensorLike,
} from '@infnet/core';
import { reshape } from '../placement/reshape.js';
import { lowerReduction } from '../reduce/reduce.js';
import { elementwiseOperator } from './elementwise.js';
import { inferPair } from './relu.js';

/**
 * Inputs: prelu's input, the gradient of its result. Output, of the slope's shape: the sum of their products where the
 * input is not above 0, which are not stored.
 */
const slopeGradientOperator: Operator<{ readonly shape: Shape }> = defineOperator({
  name: 'preluSlopeGradient',
  inputs: ['x', 'g'],
  outputs: ['d'],
  infer: ({ x, g }, { shape }, where) => ({ d: { ...inferPair(x, g, where), shape } }),
  lower: ({ inputs: { x, g }, outputs: { d }, scratch }) =>
    lowerReduction({ x, z: g, y: d, term: 'negativeProduct', scale: 1 }, { scratch }),
});

const elementwise = elementwiseOperator('prelu', {
  inputs: ['x', 'slope'],
  forward: 'select(slope * x, x, x > 0.0)',
  gradient: { x: 'select(slope * g, g, x > 0.0)' },
});

/** Inputs: x, and a slope that broadcasts to x's shape. */
export const preluOperator: Operator<Record<string, never>> = standardOperator({
  ...elementwise,
  infer(types, attributes, where) {
    const found = elementwise.infer(types, attributes, where);
    const [x, slope] = types;
    if (x === undefined || slope === undefined || sameShape(found[0]?.shape ?? [], x.shape)) return found;
    return shapeError(
      'SHAPE_BROADCAST',
      where,
      `the slope ${formatShape(slope.shape)} does not broadcast to x ${formatShape(x.shape)}`,
    );
  },
  gradient(context) {
    const [toX] = elementwise.gradient?.(context) ?? [];
    const {
      inputs: [x, slope],
      outputGradients: [g],
      needed,
    } = context;
    if (needed[1] !== true || x === undefined || slope === undefined || g === undefined) return [toX];
    return [toX, applyOne(slopeGradientOperator, [x, g], { shape: slope.shape })];
  },
});

/**
 * x where x > 0, else slope x.
 *
 * @param x [n, c, ...]
 * @param slope [1] or [c]
 * @throws InfnetError `SHAPE_MISMATCH`.
 */
export function prelu(x: TensorLike, slope: TensorLike): Tensor {
  const channels = x.shape[1] ?? 1;
  const [size = 1] = slope.shape;
  if (slope.shape.length > 1 || (size !== 1 && size !== channels)) {
    shapeError('SHAPE_MISMATCH', 'prelu', `the slope has the shape [${slope.shape}]; [1] or [${channels}] is needed`);
  }
  const shape = size === 1 ? [1] : [size, ...x.shape.slice(2).map(() => 1)];
  return applyOne(preluOperator, [x, slope instanceof Tensor || shape.length > 1 ? reshape(slope, shape) : slope], {});
}

/** x where x > 0, else weight x; `state_dict` names `weight` [parameters]. */
export class PReLU extends Module {
  readonly weight: Parameter;

  /**
   * @param parameters 1, or the number of channels
   * @param value of each at first
   * @throws InfnetError `SHAPE_ATTRIBUTE`.
   */
  constructor(parameters = 1, value = 0.25) {
    super();
    requireInteger(parameters, 1, 'the number of parameters', 'PReLU');
    this.weight = new Parameter([parameters], { init: { kind: 'constant', value } });
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}
