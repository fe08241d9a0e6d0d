/** Operators that compute each value by itself. */
import type { OnnxTranslation } from '../emitter.js';
import { float, int } from '../model.js';

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

/** A node whose attributes are the operator's numbers: ONNX's name of each, and the number's. */
const withNumbers =
  (type: string, names: Readonly<Record<string, string>>): OnnxTranslation =>
  (emit) => {
    const attributes = Object.entries(names).map(([key, name]) => [key, float(emit.node.attributes[name] as number)]);
    return [emit.one(type, [emit.input(0)], Object.fromEntries(attributes))];
  };

/** `Clip`; an empty name leaves a limit out. */
const clip =
  (low?: string, high?: string): OnnxTranslation =>
  (emit) => {
    const limit = (name: string | undefined): string =>
      name === undefined ? '' : emit.scalar(emit.node.attributes[name] as number);
    const limits = high === undefined ? [limit(low)] : [limit(low), limit(high)];
    return [emit.one('Clip', [emit.input(0), ...limits])];
  };

/** 1 where a comparison of ONNX holds, else 0: with another tensor, or with the number `value`. */
const comparison =
  (type: string, isOpposite = false): OnnxTranslation =>
  (emit) => {
    const value = emit.node.attributes['value'] as number | undefined;
    const holds = emit.one(type, [emit.input(0), value === undefined ? emit.input(1) : emit.scalar(value)]);
    return [emit.one('Cast', [isOpposite ? emit.one('Not', [holds]) : holds], { to: int(FLOAT) })];
  };

/** ONNX's numbers of element types. */
const FLOAT = 1;
const BOOL = 9;

const SQRT_HALF = Math.SQRT1_2;

/** gelu, which ONNX has from opset 20 on: x (1 + erf(x / sqrt(2))) / 2. */
const gelu: OnnxTranslation = (emit) => {
  const x = emit.input(0);
  const erf = emit.one('Erf', [emit.one('Mul', [x, emit.scalar(SQRT_HALF)])]);
  const gate = emit.one('Mul', [emit.one('Add', [erf, emit.scalar(1)]), emit.scalar(0.5)]);
  return [emit.one('Mul', [x, gate])];
};

const geluTanh: OnnxTranslation = (emit) => {
  const x = emit.input(0);
  const cube = emit.one('Mul', [emit.one('Mul', [x, x]), x]);
  const sum = emit.one('Add', [x, emit.one('Mul', [cube, emit.scalar(0.044715)])]);
  const tanh = emit.one('Tanh', [emit.one('Mul', [sum, emit.scalar(Math.sqrt(2 / Math.PI))])]);
  const gate = emit.one('Mul', [emit.one('Add', [tanh, emit.scalar(1)]), emit.scalar(0.5)]);
  return [emit.one('Mul', [x, gate])];
};

/** softplus, which ONNX has for beta 1 alone; its threshold changes nothing that float32 shows from 17 on. */
const softplus: OnnxTranslation = (emit) => {
  const { beta, threshold } = emit.node.attributes as { readonly beta: number; readonly threshold: number };
  if (threshold < 17) {
    throw emit.cannot(`its threshold is ${threshold}`, 'Use a threshold of at least 17, as the usual 20.');
  }
  if (beta === 1) return [emit.one('Softplus', [emit.input(0)])];
  const scaled = emit.one('Softplus', [emit.one('Mul', [emit.input(0), emit.scalar(beta)])]);
  return [emit.one('Div', [scaled, emit.scalar(beta)])];
};

export const POINTWISE: Readonly<Record<string, OnnxTranslation>> = {
  relu: plain('Relu'),
  sigmoid: plain('Sigmoid'),
  leakyRelu: (emit) => [
    emit.one('LeakyRelu', [emit.input(0)], { alpha: float(emit.node.attributes['slope'] as number) }),
  ],
  silu: (emit) => [emit.one('Mul', [emit.input(0), emit.one('Sigmoid', [emit.input(0)])])],
  gelu,
  geluTanh,
  mish: plain('Mish'),
  softplus,
  elu: withNumbers('Elu', { alpha: 'alpha' }),
  tanh: plain('Tanh'),
  relu6: (emit) => [emit.one('Clip', [emit.input(0), emit.scalar(0), emit.scalar(6)])],
  hardsigmoid: (emit) => [emit.one('HardSigmoid', [emit.input(0)], { alpha: float(1 / 6), beta: float(0.5) })],
  hardswish: plain('HardSwish'),
  prelu: plain('PRelu'),
  clamp: clip('low', 'high'),
  clampMin: clip('low'),
  clampMax: clip(undefined, 'high'),
  abs: plain('Abs'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  rsqrt: (emit) => [emit.one('Reciprocal', [emit.one('Sqrt', [emit.input(0)])])],
  square: (emit) => [emit.one('Mul', [emit.input(0), emit.input(0)])],
  pow: plain('Pow'),
  powScalar: (emit) => [emit.one('Pow', [emit.input(0), emit.scalar(emit.node.attributes['exponent'] as number)])],
  sin: plain('Sin'),
  cos: plain('Cos'),
  erf: plain('Erf'),
  minimum: plain('Min'),
  maximum: plain('Max'),
  where: (emit) => {
    const condition = emit.one('Cast', [emit.input(0)], { to: int(BOOL) });
    return [emit.one('Where', [condition, emit.input(1), emit.input(2)])];
  },
  ...Object.fromEntries(
    ['', 'Scalar'].flatMap((suffix) => [
      [`equal${suffix}`, comparison('Equal')],
      [`notEqual${suffix}`, comparison('Equal', true)],
      [`less${suffix}`, comparison('Less')],
      [`lessEqual${suffix}`, comparison('LessOrEqual')],
      [`greater${suffix}`, comparison('Greater')],
      [`greaterEqual${suffix}`, comparison('GreaterOrEqual')],
    ]),
  ),
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
