/** Operators that compute each value by itself. */
import type { OnnxTranslation } from '../emitter.js';
import { float } from '../model.js';

const plain =
  (type: string): OnnxTranslation =>
  (emit) => [
    emit.one(
      type,
      emit.node.inputs.map((_, i) => emit.input(i)),
    ),
  ];

/** With a number: `Add` or `Mul` with a constant scalar. */
const withScalar =
  (type: string): OnnxTranslation =>
  (emit) => [emit.one(type, [emit.input(0), emit.scalar(emit.node.attributes['value'] as number)])];

export const POINTWISE: Readonly<Record<string, OnnxTranslation>> = {
  relu: plain('Relu'),
  sigmoid: plain('Sigmoid'),
  leakyRelu: (emit) => [
    emit.one('LeakyRelu', [emit.input(0)], { alpha: float(emit.node.attributes['slope'] as number) }),
  ],
  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  sum: plain('Sum'),
  addScalar: withScalar('Add'),
  mulScalar: withScalar('Mul'),
  // Two or three factors.
  product: (emit) => [
    emit.node.inputs.slice(1).reduce((value, _, i) => emit.one('Mul', [value, emit.input(i + 1)]), emit.input(0)),
  ],
  // The ladder of a Res2Net block: part + previous, and the last split as it is.
  splitStep: (emit) => [emit.one('Add', [emit.input(0), emit.input(1)]), emit.input(2)],
};
