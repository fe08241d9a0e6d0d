/**
 * Sums over some dimensions, as one or more calls of `nn/reduce`.
 *
 * Long sums are sums of sums: a first call deals the values to parts of at most a few hundred, the next call adds the
 * parts, until one is left. That keeps the rounding error of a sum of millions near that of a pairwise sum, gives a GPU
 * enough to do, and fixes the order.
 */
import {
  checkOptions,
  type Dispatch,
  dispatch,
  elementCount,
  InfnetError,
  type LowerContext,
  type View,
} from '@infnet/core';
import {
  broadcastShape,
  broadcastStrides,
  type Kernel,
  type KernelCall,
  type Loop,
  type LoopOperand,
  lineCall,
  mergeLoops,
  sizedCall,
  wholeRange,
} from '@infnet/core/kernels';
import { binaryCall } from '../elementwise/binary.js';
import source from './reduce.wgsl';

export const reduceKernel: Kernel = { name: 'nn/reduce', source };

/** Kept and reduced loops; strides in the order x, z, y (kept) and x, z (reduced). */
export interface ReductionLoops {
  readonly kept: readonly Loop[];
  readonly reduced: readonly Loop[];
}

/** What is added up of x and z: `x * z`, `(x - z)^2`, 1 where they are equal, `x * z` where x is not above 0. */
export type ReduceTerm = 'product' | 'squaredDifference' | 'equal' | 'negativeProduct';

const TERMS = ['product', 'squaredDifference', 'equal', 'negativeProduct'] as const;

/** One call: loops, how many parts each sum is cut into, and where operands start. */
export interface ReduceCallOptions extends ReductionLoops {
  /** Whether there is a z. */
  readonly product: boolean;
  /** What is added up of x and z. Default: their product. */
  readonly term?: ReduceTerm;
  readonly scale: number;
  readonly parts: number;
  /** Distance of the parts in y. */
  readonly yPart: number;
  readonly offsets: { readonly x: number; readonly z: number; readonly y: number };
}

/** Loops of a sum of x (times z) to the shape `to`, each operand where its range says. */
export function reductionLoops(x: LoopOperand, z: LoopOperand | undefined, y: LoopOperand): ReductionLoops {
  const shape = z === undefined ? x.shape : broadcastShape(x.shape, z.shape, 'sum');
  const strides = [x, z ?? x].map((operand) => broadcastStrides(operand, shape));
  const toY = broadcastStrides(y, shape);
  const missing = shape.length - y.shape.length;
  const isKept = shape.map((size, i) => i >= missing && y.shape[i - missing] === size);
  const select = <T>(values: readonly T[], kept: boolean): T[] => values.filter((_, i) => isKept[i] === kept);
  return {
    kept: mergeLoops(
      select(shape, true),
      [...strides, toY].map((all) => select(all, true)),
    ),
    reduced: mergeLoops(
      select(shape, false),
      strides.map((all) => select(all, false)),
    ),
  };
}

/** Offset and strides of an operand, as kernels of reductions name them: `xOffset`, `xKept0`, `xReduced0`, ... */
export function loopParams(
  name: string,
  offset: number,
  kept: readonly Loop[],
  reduced: readonly Loop[],
  operand: number,
): Record<string, number> {
  const strides = (what: string, loops: readonly Loop[]): (readonly [string, number])[] =>
    loops.map(({ strides }, i) => [`${name}${what}${i}`, strides[operand] as number]);
  return {
    [`${name}Offset`]: offset,
    ...Object.fromEntries([...strides('Kept', kept), ...strides('Reduced', reduced)]),
  };
}

/** The figures of reduction.part.wgsl: sizes of three loops of either kind, and how `parts` are counted through. */
export function countParams(kept: readonly Loop[], reduced: readonly Loop[], parts: number): Record<string, number> {
  const [keptSizes, reducedSizes] = [kept, reduced].map((loops) => loops.map(({ size }) => size)) as [
    number[],
    number[],
  ];
  const [, kept1 = 1, kept2 = 1] = keptSizes;
  const [, reduced1 = 1, reduced2 = 1] = reducedSizes;
  return {
    kept1,
    kept2,
    kept: elementCount(keptSizes),
    reduced1,
    reduced2,
    reduced: elementCount(reducedSizes),
    stride0: Math.floor(parts / (reduced1 * reduced2)),
    stride1: Math.floor(parts / reduced2) % reduced1,
    stride2: parts % reduced2,
    parts,
  };
}

/** One dispatch of `nn/reduce`; bindings x, y and, for a product, z. At most three kept and three reduced loops. */
export function reduceCall(options: ReduceCallOptions): KernelCall {
  checkReduction(options);
  const { product, scale, parts, yPart, offsets } = options;
  const [kept, reduced] = [three(options.kept), three(options.reduced)];
  const [keptSizes, reducedSizes] = [kept.map(({ size }) => size), reduced.map(({ size }) => size)];
  const [keptCount, reducedCount] = [keptSizes, reducedSizes].map(elementCount) as [number, number];
  const call = lineCall(reduceKernel, {
    constants: {
      TERM: product ? TERMS.indexOf(options.term ?? 'product') + 1 : 0,
      PARTS_INNER: Number(reduced[2]?.strides[0] === 1),
    },
    params: {
      ...loopParams('x', offsets.x, kept, reduced, 0),
      yOffset: offsets.y,
      ...Object.fromEntries(kept.map(({ strides }, i) => [`yKept${i}`, strides[2] as number])),
      yPart,
      ...(product ? loopParams('z', offsets.z, kept, reduced, 1) : {}),
      ...countParams(kept, reduced, parts),
      scale,
    },
    invocations: keptCount * parts,
    flops: keptCount * reducedCount * (product ? 2 : 1),
    values: keptCount * (reducedCount * (product ? 2 : 1) + parts),
  });
  const last = (loops: readonly Loop[], operand: number): number =>
    loops.reduce((sum, { size, strides }) => sum + (size - 1) * (strides[operand] as number), 0);
  return sizedCall('reduceCall', call, {
    x: offsets.x + last(kept, 0) + last(reduced, 0) + 1,
    z: offsets.z + last(kept, 1) + last(reduced, 1) + 1,
    y: offsets.y + last(kept, 2) + (parts - 1) * yPart + 1,
  });
}

function reductionError(message: string): never {
  throw new InfnetError({ code: 'OPTION_INVALID', message, where: 'reduceCall' });
}

/** @throws InfnetError `OPTION_...`. */
function checkReduction(options: ReduceCallOptions): void {
  const where = 'reduceCall';
  const numbers = { product: 'flag', scale: 'number', parts: 'size', yPart: 'count' } as const;
  const offsets = { x: 'count', z: 'count', y: 'count' } as const;
  checkOptions(where, options, { kept: 'any', reduced: 'any', 'term?': TERMS, ...numbers, offsets });
  for (const [name, operands] of [
    ['kept', 3],
    ['reduced', 2],
  ] as const) {
    const loops = options[name] as unknown;
    if (!Array.isArray(loops) || loops.length > 3) reductionError(`${name} is a list of up to three loops`);
    for (const loop of loops as readonly Loop[]) {
      checkOptions(where, loop, { size: 'size', strides: 'any' }, name);
      const fits = Array.isArray(loop.strides) && loop.strides.length === operands;
      if (!fits || !Array.from(loop.strides).every((stride) => Number.isSafeInteger(stride) && stride >= 0)) {
        reductionError(`the strides of ${name} are ${operands} integers of at least 0`);
      }
    }
  }
}

/** Into how many parts a sum of `length` values is cut when `sums` of them are made. */
export function partCount(sums: number, length: number): number {
  const chunk = Math.min(256, Math.max(64, Math.ceil((sums * length) / 16384)));
  return Math.ceil(length / chunk);
}

/** What {@link lowerReduction} reduces: the views, and the factor of the result. */
export interface Reduction {
  readonly x: View;
  /** Multiplied with x, value by value, before the sum, or what `term` says. */
  readonly z?: View | undefined;
  /** Default: the product. Else z has the size 1 where it is summed over. */
  readonly term?: ReduceTerm;
  readonly y: View;
  /** Shape of y with the reduced dimensions kept (size 1), and its strides, where y's own shape lacks them. */
  readonly kept?: Pick<LoopOperand, 'shape' | 'strides'>;
  readonly scale: number;
}

/** The dispatches of a reduction. */
export function lowerReduction(reduction: Reduction, context: Pick<LowerContext, 'scratch'>): readonly Dispatch[] {
  const { x, z, y, scale, term = 'product' } = reduction;
  const operand = (view: View): LoopOperand => ({ shape: view.type.shape, range: view });
  let { kept, reduced } = reductionLoops(operand(x), z && operand(z), { ...operand(y), ...reduction.kept });
  if (kept.length > 3 || reduced.length > 3) return lowerByProduct(reduction, context);
  const dispatches: Dispatch[] = [];
  const sums = elementCount(kept.map(({ size }) => size));
  let [from, offset, product] = [x, x.offset, z !== undefined];
  for (;;) {
    const length = elementCount(reduced.map(({ size }) => size));
    const parts = partCount(sums, length);
    const last = parts === 1;
    const to = last ? y : context.scratch(sums * parts, 'partial sums');
    const sizes = three(kept).map(({ size }) => size);
    const partial = three(kept).map(({ size, strides }, i): Loop => {
      const stride = elementCount(sizes.slice(i + 1)) * parts;
      return { size, strides: [strides[0] as number, strides[1] as number, stride] };
    });
    const call = reduceCall({
      kept: last ? kept : partial,
      reduced,
      product,
      term,
      scale: last ? scale : 1,
      parts,
      yPart: last ? 0 : 1,
      offsets: { x: offset, z: z?.offset ?? 0, y: last ? y.offset : 0 },
    });
    dispatches.push(dispatch(call, product && z !== undefined ? { x: from, y: to, z } : { x: from, y: to }));
    if (last) return dispatches;
    // The next call reduces [sums, parts] to where y wants it.
    kept = three(kept).map(({ size, strides }, i): Loop => {
      const stride = partial[i]?.strides[2] as number;
      return { size, strides: [stride, stride, strides[2] as number] };
    });
    reduced = [{ size: parts, strides: [1, 1] }];
    [from, offset, product] = [to, 0, false];
  }
}

/** For a product whose repeats cross in too many dimensions: the product first, then its sum. */
function lowerByProduct({ x, z, ...rest }: Reduction, context: Pick<LowerContext, 'scratch'>): readonly Dispatch[] {
  if (z === undefined) throw new Error('a sum of one tensor has at most three loops of either kind');
  const shape = broadcastShape(x.type.shape, z.type.shape, 'sum');
  const memory = context.scratch(elementCount(shape), 'product');
  const whole: View = { ...memory, batchStride: wholeRange(shape).batchStride, type: { shape, dtype: 'f32' } };
  const call = binaryCall('mul', { a: x.type.shape, b: z.type.shape, ranges: { a: x, b: z, y: whole } });
  return [dispatch(call, { a: x, b: z, y: whole }), ...lowerReduction({ x: whole, ...rest }, context)];
}

export function three(loops: readonly Loop[]): Loop[] {
  return [...Array<Loop>(3 - loops.length).fill({ size: 1, strides: [0, 0, 0] }), ...loops];
}
