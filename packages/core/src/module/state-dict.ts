/** Values by `state_dict` key: what may be given, and how it becomes what a parameter's memory holds. */
import { InfnetError } from '@infnet/errors';
import { ARRAYS, isDetached, kindOf, type TensorData } from '../tensor/host-data.js';
import { elementCount, formatShape, type HostDType, sameShape } from '../tensor/types.js';
import type { Parameter } from './parameter.js';

/** Values by `state_dict` key, as `ParameterStore.read` gives them. */
export type StateDict = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>;

/** Values of one key: any numbers, also those of a checkpoint's int64 tensors. */
export interface LoadableTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

/**
 * What `ParameterStore.load` takes: a map or a plain object by key. What `assertMatches` of @infnet/checkpoint returns
 * fits.
 */
export type LoadableState = ReadonlyMap<string, LoadableTensor> | Readonly<Record<string, LoadableTensor>>;

/** @throws InfnetError `PARAMETER_STATE` for what is neither a map nor an object of tensors. */
export function lookupOf(state: LoadableState): (name: string) => unknown {
  if (typeof state === 'object' && state !== null && !Array.isArray(state) && !ArrayBuffer.isView(state)) {
    // Another realm's map is a map too; a tensor is never a function.
    if (isMap(state)) return (name) => state.get(name);
    const entries = state as Readonly<Record<string, unknown>>;
    const inner = ['matched', 'tensors', 'moments'].find((key) => isMap(entries[key]));
    if (inner !== undefined) throw stateError(`an object whose "${inner}" is a map`, `Pass its "${inner}".`);
    const prototype: unknown = Object.getPrototypeOf(state);
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
    if (isPlain) return (name) => (Object.hasOwn(entries, name) ? entries[name] : undefined);
  }
  throw stateError(kindOf(state), 'Pass a Map, or an object: { "conv.weight": { shape: [16, 3, 3, 3], data } }.');
}

function isMap(value: unknown): value is ReadonlyMap<string, unknown> {
  return typeof (value as { readonly get?: unknown } | null | undefined)?.get === 'function';
}

function stateError(got: string, fix: string): InfnetError {
  const message = `a state dict is a map or a plain object of { shape, data } by key, got ${got}`;
  return new InfnetError({ code: 'PARAMETER_STATE', message, where: 'ParameterStore.load', fix });
}

/**
 * The values of a parameter that is known by `names`: given under one of them, or equal under several.
 *
 * @returns what is wrong, as a text, where they do not fit.
 */
export function valuesFor(
  parameter: Parameter,
  names: readonly string[],
  lookup: (name: string) => unknown,
): TensorData | string {
  const given = names.map((name) => [name, lookup(name)] as const).filter(([, value]) => value !== undefined);
  if (given.length === 0) return `${names.join(' or ')}: missing`;
  const values = given.map(([name, value]) => {
    const read = valuesOf(parameter, value);
    return typeof read === 'string' ? `${name}: ${read}` : read;
  });
  const wrong = values.find((value) => typeof value === 'string');
  if (wrong !== undefined) return wrong;
  const [first, ...others] = values as TensorData[];
  const differs = others.findIndex((other) => !other.every((value, i) => Object.is(value, first?.[i])));
  if (differs < 0) return first as TensorData;
  return `${given[0]?.[0]} and ${given[differs + 1]?.[0]} are one parameter, but their values differ`;
}

function valuesOf({ shape, dtype }: Parameter, value: unknown): TensorData | string {
  const { shape: found, data } = (value ?? {}) as Partial<LoadableTensor>;
  if (!Array.isArray(found) || typeof data !== 'object' || data === null) return 'is no { shape, data }';
  if (ArrayBuffer.isView(data) && isDetached(data)) return 'its memory was given away (transferred to another thread)';
  if (!sameShape(found, shape)) return `${formatShape(found)} given, ${formatShape(shape)} needed`;
  const count = elementCount(shape);
  if (data.length !== count) return `${formatShape(shape)} needs ${count} values, got ${data.length}`;
  if (kindOf(data) === ARRAYS[dtype].name) return data as TensorData;
  return converted(data, dtype);
}

/** Numbers of another type. Whole ones must stay what they are; real ones are rounded. */
function converted(data: ArrayLike<number | bigint>, dtype: HostDType): TensorData | string {
  const values = new ARRAYS[dtype](data.length);
  for (let i = 0; i < data.length; i++) {
    const value: unknown = data[i];
    if (typeof value !== 'number' && typeof value !== 'bigint') return `value ${i} is no number, but ${kindOf(value)}`;
    values[i] = Number(value);
    if (dtype !== 'f32' && values[i] !== Number(value))
      return `value ${i} is ${value}, which is not ${dtype === 'i32' ? 'an i32' : `a ${dtype}`}`;
  }
  return values;
}
