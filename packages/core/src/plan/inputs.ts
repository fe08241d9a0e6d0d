/** Inputs of a run: checked before anything is written, and copied where the run must wait. */
import { InfnetError } from '@infnet/errors';
import type { View } from '../graph/operator.js';
import { ARRAYS, copyOf, isDetached, kindOf, type TensorData } from '../tensor/host-data.js';
import { elementCount, formatShape, type HostDType } from '../tensor/types.js';

/** Inputs by name. An input bound to a buffer of yours is left out. */
export type RunInputs = Readonly<Record<string, TensorData>>;

/** An input in the order of the trace, checked. */
export interface GivenInput<V = View> {
  readonly view: V;
  readonly data: TensorData;
}

type Typed = Pick<View, 'type'>;

/**
 * The inputs of a run in the order of the trace.
 *
 * @param views what the trace has, by name; `bound` are those that the caller leaves out.
 * @throws InfnetError `PLAN_INPUT` for missing, surplus, mis-typed or mis-sized ones, and for memory that was given
 *   away.
 */
export function checkInputs<V extends Typed>(
  views: ReadonlyMap<string, V>,
  bound: ReadonlySet<string>,
  given: RunInputs,
): GivenInput<V>[] {
  const refuse = (message: string): never => {
    throw inputError(views, message);
  };
  if (typeof given !== 'object' || given === null)
    refuse(`inputs are an object of arrays by name, got ${kindOf(given)}`);
  const surplus = Object.keys(given).filter((name) => !views.has(name) || bound.has(name));
  if (surplus.length > 0) refuse(`unknown inputs: ${surplus.join(', ')}`);
  return [...views]
    .filter(([name]) => !bound.has(name))
    .map(([name, view]) => {
      const { shape, dtype } = view.type;
      const what = `input "${name}" ${formatShape(shape)}`;
      const data = Object.hasOwn(given, name) ? given[name] : undefined;
      if (data === undefined) return refuse(`${what} is missing`);
      // Inputs are never float16: only the planner makes such tensors, from constants.
      const { name: needed } = ARRAYS[dtype as HostDType];
      const got = kindOf(data);
      if (got !== needed || !ArrayBuffer.isView(data)) return refuse(`${what} needs a ${needed}, got ${got}`);
      if (isDetached(data)) return refuse(`the memory of ${what} was given away (transferred to another thread)`);
      const count = elementCount(shape);
      if (data.length !== count) return refuse(`${what} needs ${count} values, got ${data.length}`);
      return { view, data };
    });
}

/** Inputs that nobody else can change. What is no array of ours is left for `checkInputs` to refuse. */
export function copyInputs(given: RunInputs): RunInputs {
  const known = new Set(Object.values(ARRAYS).map(({ name }) => name));
  const copies = Object.entries(given).map(([name, data]) => {
    const copy = known.has(kindOf(data)) && ArrayBuffer.isView(data) && !isDetached(data);
    return [name, copy ? copyOf(data) : data] as const;
  });
  return Object.fromEntries(copies);
}

/** `PLAN_INPUT`, with what the inputs are. */
export function inputError(views: ReadonlyMap<string, Typed>, message: string): InfnetError {
  const names = [...views].map(([name, { type }]) => `${name} ${formatShape(type.shape)}`);
  return new InfnetError({ code: 'PLAN_INPUT', message, fix: `The inputs are: ${names.join(', ') || 'none'}.` });
}
