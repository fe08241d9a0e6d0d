/** Operators as a user writes them, in the ways that they go wrong. */
import { applyOne, elementCount, type Operator, type Tensor, type View } from '../src/index.js';
import type { Kernel } from '../src/kernels.js';

/** What a kernel of one value at a time knows of where its operands lie. */
interface Knows {
  readonly name?: string;
  /** Operands whose offset, whose batch stride it has a parameter for. */
  readonly offsets?: readonly string[];
  readonly strides?: readonly string[];
  /** Declares these parameters and does not read them. */
  readonly declaredOnly?: boolean;
  readonly formula?: string;
}

/** y = formula(v), v the value of x. */
export function valueKernel({
  name = 'my/value',
  offsets = [],
  strides = [],
  declaredOnly,
  formula = '2.0 * v',
}: Knows): Kernel {
  const field = (known: readonly string[], operand: string, suffix: string, otherwise: string): string =>
    known.includes(operand) && declaredOnly !== true ? `params.${operand}${suffix}` : otherwise;
  const at = (operand: string): string =>
    `${field(offsets, operand, 'Offset', '0u')} + n * ${field(strides, operand, 'BatchStride', 'params.item')} + i`;
  const fields = [...offsets.map((o) => `${o}Offset: u32,`), ...strides.map((o) => `${o}BatchStride: u32,`)].join(' ');
  return {
    name,
    source: `
      struct Params { item: u32, count: u32, ${fields} }
      @group(0) @binding(0) var<uniform> params: Params;
      @group(0) @binding(1) var<storage, read> x: array<f32>;
      @group(0) @binding(2) var<storage, read_write> y: array<f32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x >= params.count) { return; }
        let n = id.x / params.item;
        let i = id.x % params.item;
        let v = x[${at('x')}];
        y[${at('y')}] = ${formula};
      }`,
  };
}

/** The operator of a {@link valueKernel}: it tells the kernel what the kernel asks for. */
export function valueOperator(knows: Knows, more: Partial<Operator> = {}): Operator {
  const kernel = valueKernel(knows);
  return {
    name: 'value',
    infer: ([x]) => [{ shape: x?.shape ?? [], dtype: 'f32' }],
    lower: ({ inputs, outputs }) => {
      const views = { x: inputs[0] as View, y: outputs[0] as View };
      const count = elementCount(views.y.type.shape);
      const params: Record<string, number> = { item: elementCount(views.y.type.shape.slice(1)), count };
      for (const [operand, view] of Object.entries(views)) {
        if (knows.offsets?.includes(operand)) params[`${operand}Offset`] = view.offset;
        if (knows.strides?.includes(operand)) params[`${operand}BatchStride`] = view.batchStride;
      }
      const workgroups = [Math.ceil(count / 64), 1, 1] as const;
      return [{ kernel, constants: {}, params, workgroups, flops: 0, bytes: 0, operands: views }];
    },
    ...more,
  };
}

export const value = (x: Tensor, knows: Knows = {}, more: Partial<Operator> = {}): Tensor =>
  applyOne(valueOperator(knows, more), [x], {});
