/** The call of the kernel that all functions of two tensors share. */
import { checkOptions, type Dispatch, dispatch, elementCount, requireSizes, type Shape, type View } from '@infnet/core';
import {
  broadcastShape,
  broadcastStrides,
  type Kernel,
  type KernelCall,
  type Loop,
  lineCall,
  mergeLoops,
  type OperandRange,
  sizedCall,
  vectorWidth,
  wholeRange,
} from '@infnet/core/kernels';
import source from './binary.wgsl';

export const binaryKernel: Kernel = { name: 'nn/binary', source };

const FUNCTIONS = {
  add: 1,
  sub: 2,
  mul: 3,
  div: 4,
  reluGradient: 5,
  sigmoidGradient: 6,
  leakyGradient: 7,
  first: 8,
} as const;
const TILE = 4;

/** Functions of two values; see binary.wgsl. */
export type BinaryFunction = keyof typeof FUNCTIONS;

export interface BinaryCallOptions {
  /** Shapes of the operands, up to 4 dimensions; y has their broadcast shape. */
  readonly a: Shape;
  readonly b: Shape;
  /** Apply relu to the result. */
  readonly relu?: boolean;
  readonly alpha?: number;
  /** Shape of y, when the operands are to be repeated to more than their common shape. */
  readonly to?: Shape;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly ranges?: { readonly a?: OperandRange; readonly b?: OperandRange; readonly y?: OperandRange };
}

/**
 * One dispatch of `nn/binary`; bindings a, b, y.
 * @throws InfnetError `SHAPE_BROADCAST`, `OPTION_...`, `SHAPE_INVALID`, `KERNEL_RANGE`.
 */
export function binaryCall(name: BinaryFunction, options: BinaryCallOptions): KernelCall {
  checkOptions('binaryCall', { name }, { name: Object.keys(FUNCTIONS) });
  const where = `${name}Call`;
  checkOptions(where, options, {
    a: 'shape',
    b: 'shape',
    'relu?': 'flag',
    ...(name === 'leakyGradient' || name === 'first' ? { 'alpha?': 'number' } : {}),
    'to?': 'shape',
    'ranges?': { 'a?': 'range', 'b?': 'range', 'y?': 'range' },
  });
  const { a, b, relu = false, alpha = 0, ranges = {} } = options;
  requireSizes(name, a, b, options.to ?? []);
  const common = broadcastShape(a, b, name);
  const shape = options.to === undefined ? common : broadcastShape(common, options.to, name);
  const operands = [
    { shape: a, range: ranges.a ?? wholeRange(a) },
    { shape: b, range: ranges.b ?? wholeRange(b) },
    { shape, range: ranges.y ?? wholeRange(shape) },
  ] as const;
  const merged = mergeLoops(
    shape,
    operands.map((operand) => broadcastStrides(operand, shape)),
  );
  const loops = [...Array<Loop>(4 - merged.length).fill({ size: 1, strides: [0, 0, 0] }), ...merged];
  const [inner, row] = [loops[3] as Loop, loops[2] as Loop];

  const splat = inner.strides.map((stride) => stride === 0);
  const fitsVector = operands.flatMap(({ range }, i) =>
    splat[i] ? [] : [range.offset, ...loops.slice(0, 3).map(({ strides }) => strides[i] as number)],
  );
  const unit = inner.strides.every((stride) => stride <= 1);
  const vector = unit ? vectorWidth(inner.size, ...fitsVector) : 1;
  const innerSize = inner.size / vector;

  const sharesRow = [0, 1].some((i) => row.strides[i] === 0 && inner.strides[i] !== 0);
  const rows = sharesRow && row.size > 1;
  const span = rows ? innerSize : Math.ceil(innerSize / TILE);
  const steps = loops.map(({ size }) => size);
  steps[3] = span;
  if (rows) steps[2] = Math.ceil(row.size / TILE);
  const stepStrides = rows ? row.strides : inner.strides;
  const count = elementCount(shape);
  const strideParams = ['a', 'b', 'y'].flatMap((operand, i) => [
    [`${operand}Offset`, operands[i]?.range.offset],
    ...loops.map(({ strides }, dimension) => [`${operand}Stride${dimension}`, strides[i]]),
  ]);
  const call = lineCall(binaryKernel, {
    constants: {
      FUNCTION: FUNCTIONS[name],
      RELU: Number(relu),
      VECTOR: vector,
      TILE,
      NESTED: Number(merged.length > 1),
      ROWS: Number(rows),
      A_SPLAT: Number(splat[0]),
      B_SPLAT: Number(splat[1]),
      A_FIXED: Number(stepStrides[0] === 0),
      B_FIXED: Number(stepStrides[1] === 0),
    },
    params: {
      ...Object.fromEntries(strideParams),
      steps1: steps[1] as number,
      steps2: steps[2] as number,
      steps3: span,
      size: rows ? row.size : innerSize,
      span,
      alpha,
    },
    invocations: steps.reduce((product, size) => product * size, 1),
    flops: count * (relu ? 2 : 1),
    values: count + elementCount(a) + elementCount(b),
  });
  const [ofA, ofB, ofY] = operands;
  return sizedCall(where, call, { a: [a, ofA.range], b: [b, ofB.range], y: [shape, ofY.range] });
}

/** The dispatch of a function of a and b. */
export function lowerBinary(
  name: BinaryFunction,
  { a, b, y }: Readonly<Record<'a' | 'b' | 'y', View>>,
  options: Pick<BinaryCallOptions, 'relu' | 'alpha' | 'to'> = {},
): readonly Dispatch[] {
  const call = binaryCall(name, { a: a.type.shape, b: b.type.shape, ranges: { a, b, y }, ...options });
  return [dispatch(call, { a, b, y })];
}
