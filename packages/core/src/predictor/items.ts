/** Single items and batches: inputs of items one after the other, outputs of a batch cut into items. */
import { InfnetError } from '@infnet/errors';
import type { Tensor } from '../graph/tensor.js';
import { type InputSpec, inputType } from '../graph/trace.js';
import { checkInputs } from '../plan/inputs.js';
import { ARRAYS, type TensorData } from '../tensor/host-data.js';
import { elementCount, formatShape, type HostTensorType } from '../tensor/types.js';

/** How large an item is, and how many are computed together. */
export interface BatchSize<I extends string = string> {
  /** Shape of every input of one item by name, without the dimension of the batch. */
  readonly item: Readonly<Record<I, InputSpec>>;
  /** Items per run; fewer are filled up with zeros, so that every item is computed by the same kernels. */
  readonly batch: number;
}

/** Inputs of one item by name. */
export type ItemInputs<I extends string = string> = Readonly<Record<I, TensorData>>;

/** Outputs of one item by name, each in memory of its own. */
export type ItemOutputs<O extends string = string> = Readonly<Record<O, Float32Array>>;

/** Types of the inputs of one item. */
export type ItemTypes = ReadonlyMap<string, { readonly type: HostTensorType }>;

export function itemTypes(item: Readonly<Record<string, InputSpec>>): ItemTypes {
  return new Map(Object.entries<InputSpec>(item).map(([name, spec]) => [name, { type: inputType(spec) }]));
}

/** What `planInBatches` takes. */
export function batchSpecs<I extends string>({ item, batch }: BatchSize<I>): Record<I, InputSpec> {
  const specs = {} as Record<I, InputSpec>;
  for (const name of Object.keys(item) as I[]) {
    const type = inputType(item[name]);
    specs[name] = { ...type, shape: [batch, ...type.shape] };
  }
  return specs;
}

/**
 * The inputs of a batch, copied once.
 *
 * @param items at most `batch`.
 * @throws InfnetError `PLAN_INPUT` for missing, surplus, mis-typed or mis-sized ones.
 */
export function joinItems(types: ItemTypes, batch: number, items: readonly ItemInputs[]): Record<string, TensorData> {
  const arrays = [...types].map(([name, { type }]) => {
    const each = elementCount(type.shape);
    return { name, each, all: new ARRAYS[type.dtype](batch * each) };
  });
  for (const [i, item] of items.entries()) {
    for (const [k, { data }] of checkInputs(types, new Set(), item).entries()) {
      const array = arrays[k];
      array?.all.set(data, i * array.each);
    }
  }
  return Object.fromEntries(arrays.map(({ name, all }) => [name, all]));
}

/** The outputs of the first `count` items of a batch. */
export function cutItems<O extends string>(
  outputs: Readonly<Record<string, TensorData>>,
  batch: number,
  count: number,
): ItemOutputs<O>[] {
  return Array.from({ length: count }, (_, i) => {
    const item: Record<string, Float32Array> = {};
    for (const [name, data] of Object.entries(outputs)) {
      const each = data.length / batch;
      item[name] = new Float32Array(data.subarray(i * each, (i + 1) * each));
    }
    return item as ItemOutputs<O>;
  });
}

/** @throws InfnetError `PREDICTOR_OUTPUT` for an output that is not a float32 result of every item. */
export function assertPerItem(
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor>>,
): void {
  const batch = Object.values(inputs)[0]?.shape[0];
  for (const [name, { shape, dtype }] of Object.entries(outputs)) {
    if (shape[0] === batch && dtype === 'f32') continue;
    throw new InfnetError({
      code: 'PREDICTOR_OUTPUT',
      message: `the output "${name}" ${formatShape(shape)} (${dtype}) is not one float32 result for each of ${batch} items`,
      where: 'Predictor',
      fix: 'Return tensors [batch, ...] of a net in inference mode. For anything else there is planInBatches.',
    });
  }
}
