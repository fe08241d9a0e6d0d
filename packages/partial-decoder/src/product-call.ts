/** The first face: a product of two or three maps, and its gradients, as dispatches of a kernel. */
import { checkOptions, elementCount, InfnetError, requireSizes, type Shape } from '@infnet/core';
import {
  alike,
  batchSize,
  itemSize,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRanges,
  placeOperands,
  rangeTable,
  sizedCall,
  vectorWidth,
} from '@infnet/core/kernels';
import source from './product.wgsl';
import gradientSource from './product-gradient.wgsl';

export const productKernel: Kernel = { name: 'partial-decoder/product', source };
export const productGradientKernel: Kernel = { name: 'partial-decoder/product-gradient', source: gradientSource };

/** Names of the factors and of their gradients, as the kernels call them. */
export const FACTORS = ['a', 'b', 'c'] as const;

const TILE = 4;

export type ProductOperand = 'g' | (typeof FACTORS)[number] | 'y' | `d${(typeof FACTORS)[number]}`;

export interface ProductCallOptions {
  /** Shape of every operand. */
  readonly shape: Shape;
  readonly factors: 2 | 3;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly ranges?: OperandRanges<ProductOperand>;
}

/** One dispatch of y = a * b (* c); bindings a, b, y (and c). */
export function productCall(options: ProductCallOptions): KernelCall {
  checkProduct('productCall', options);
  const names = FACTORS.slice(0, options.factors);
  return call('productCall', productKernel, options, [...names, 'y'], options.factors - 1);
}

/** One dispatch of the gradients of all factors; bindings g, a, b, da, db (and c, dc). */
export function productGradientCall(options: ProductCallOptions): KernelCall {
  checkProduct('productGradientCall', options);
  const names = FACTORS.slice(0, options.factors);
  const operands = ['g', ...names, ...names.map((name) => `d${name}` as const)] as const;
  return call('productGradientCall', productGradientKernel, options, operands, options.factors === 2 ? 2 : 5);
}

function checkProduct(where: string, options: ProductCallOptions): void {
  const operands = rangeTable('g', 'y', ...FACTORS, ...FACTORS.map((name) => `d${name}`));
  checkOptions(where, options, { shape: 'shape', factors: [2, 3], ...operands });
}

function call(
  where: string,
  kernel: Kernel,
  { shape, factors, ranges }: ProductCallOptions,
  names: readonly ProductOperand[],
  flopsPerValue: number,
): KernelCall {
  requireSizes(kernel.name, shape);
  if (factors !== 2 && factors !== 3) {
    const message = `${String(factors)} factors; 2 or 3 can be multiplied`;
    throw new InfnetError({ code: 'SHAPE_ATTRIBUTE', message, where: kernel.name });
  }
  const placed = placeOperands(alike(shape, ...names), ranges);
  const item = itemSize(shape);
  const vector = vectorWidth(item, ...Object.values(placed.ranges));
  const size = item / vector;
  const span = Math.ceil(size / TILE);
  const values = elementCount(shape);
  const made = lineCall(kernel, {
    constants: { FACTORS: factors, VECTOR: vector, TILE },
    params: { ...placed.params, size, span },
    invocations: batchSize(shape) * span,
    flops: values * flopsPerValue,
    values: values * names.length,
  });
  return sizedCall(where, made, placed.sizes);
}
