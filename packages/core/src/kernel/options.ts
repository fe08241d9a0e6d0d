/**
 * Options of exported kernel calls are checked against a table before anything is computed from them: a misspelt name,
 * a size that is NaN or a stride shorter than an item would give a call that runs and is wrong.
 */
import { InfnetError } from '@infnet/errors';
import { formatShape, type Shape } from '../tensor/types.js';
import { type OperandRange, rangeElements } from './call.js';
import type { KernelCall } from './kernel.js';

/**
 * What an option may be. `shape`: sizes of at least 1, any number of them; `image`: four of them; `maps`: at least two;
 * `size`: an integer of at least 1; `count`: of at least 0; `integer`: any; `number`: finite; `sizes`, `counts`,
 * `numbers`: two sizes, counts, positive numbers; `flag`: true or false; `range`: an {@link OperandRange}; `object`;
 * `name`: a text; `any`: not null, judged by the call itself. A list: one of its values; a table: an object with
 * options of its own.
 */
export type OptionKind =
  | 'shape'
  | 'image'
  | 'maps'
  | 'size'
  | 'count'
  | 'integer'
  | 'number'
  | 'sizes'
  | 'counts'
  | 'numbers'
  | 'flag'
  | 'range'
  | 'object'
  | 'name'
  | 'any'
  | readonly (string | number)[]
  | { readonly [name: string]: OptionKind };

/** Kinds by option name; a name that ends with `?` may be left out. */
export type OptionTable = Readonly<Record<string, OptionKind>>;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isSize = (value: unknown): value is number => isCount(value) && value > 0;
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isShape = (value: unknown): value is Shape => Array.isArray(value) && Array.from(value).every(isSize);
const isPair = (value: unknown, each: (value: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(each);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A view of the planner is a range. */
const OF_VIEWS: readonly string[] = ['offset', 'batchStride', 'storage', 'type'];

const KINDS: Readonly<Record<string, readonly [check: (value: unknown) => boolean, needed: string]>> = {
  shape: [isShape, 'a list of integers of at least 1'],
  maps: [(value) => isShape(value) && value.length >= 2, '[batch, channels, ...], integers of at least 1'],
  image: [(value) => isShape(value) && value.length === 4, '[batch, channels, height, width], integers of at least 1'],
  size: [isSize, 'an integer of at least 1'],
  count: [isCount, 'an integer of at least 0'],
  integer: [Number.isSafeInteger, 'an integer'],
  number: [isNumber, 'a finite number'],
  sizes: [(value) => isPair(value, isSize), 'two integers of at least 1'],
  counts: [(value) => isPair(value, isCount), 'two integers of at least 0'],
  numbers: [(value) => isPair(value, (each) => isNumber(each) && each > 0), 'two positive numbers'],
  flag: [(value) => typeof value === 'boolean', 'true or false'],
  range: [
    (value) =>
      isObject(value) &&
      isCount(value['offset']) &&
      isCount(value['batchStride']) &&
      Object.keys(value).every((name) => OF_VIEWS.includes(name)),
    '{ offset, batchStride } in elements, integers of at least 0',
  ],
  object: [isObject, 'an object'],
  name: [(value) => typeof value === 'string', 'a name'],
  any: [(value) => value !== null, 'something'],
};

/** @throws InfnetError `OPTION_UNKNOWN` for names that `known` lacks, `OPTION_INVALID` for what is not an object. */
export function checkNames(where: string, given: object, known: readonly string[], what = 'option'): void {
  if (!isObject(given)) throw invalid(where, `the ${what}s`, given, 'an object');
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new InfnetError({
    code: 'OPTION_UNKNOWN',
    message: `there is no ${what} ${unknown.join(', ')}`,
    where,
    fix: `There are: ${known.join(', ') || 'none'}.`,
    details: { unknown, known },
  });
}

/**
 * Checks the options of a call.
 *
 * @param where name of the function that was called
 * @throws InfnetError `OPTION_UNKNOWN` for a name that is not in the table, `SHAPE_INVALID` for a shape with sizes that
 *   cannot be, `SHAPE_RANK` for one of another length, `OPTION_INVALID` for any other value of another kind, or one
 *   that is missing.
 */
export function checkOptions(where: string, options: unknown, table: OptionTable, path = ''): void {
  if (!isObject(options)) throw invalid(where, path === '' ? 'the options' : path, options, 'an object');
  const kinds = new Map(Object.entries(table).map(([name, kind]) => [name.replace('?', ''), kind]));
  checkNames(where, options, [...kinds.keys()]);
  for (const [name, kind] of kinds) {
    const value = options[name];
    const place = path === '' ? name : `${path}.${name}`;
    if (value === undefined && `${name}?` in table) continue;
    if (Array.isArray(kind)) {
      const words = kind.map((each) => JSON.stringify(each));
      if (!kind.includes(value as string)) throw invalid(where, place, value, `one of ${words.join(', ')}`);
    } else if (typeof kind === 'object') checkOptions(where, value, kind as OptionTable, place);
    else {
      const [check, needed] = KINDS[kind as string] as (typeof KINDS)[string];
      if (!check(value)) throw invalid(where, place, value, needed, kind as string);
    }
  }
}

function invalid(where: string, name: string, value: unknown, needed: string, kind = ''): InfnetError {
  const isOfShape = kind === 'shape' || kind === 'image' || kind === 'maps';
  const code = !isOfShape ? 'OPTION_INVALID' : isShape(value) ? 'SHAPE_RANK' : 'SHAPE_INVALID';
  const got = Array.isArray(value) ? formatShape(value) : printed(value);
  return new InfnetError({ code, message: `${name} is ${got}; ${needed} is needed`, where, details: { name } });
}

function printed(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? `"${value}"` : String(value);
  return JSON.stringify(value, (_, each) => (typeof each === 'number' ? String(each) : each));
}

/** An operand of a call: so many elements from the first on, or a shape in a range. */
export type SizedOperand = number | readonly [shape: Shape, range: OperandRange];

/**
 * The call with the elements that each of its buffers must have.
 *
 * @param operands by binding name; those that this call does not bind do no harm.
 * @throws InfnetError `KERNEL_RANGE` where the items of a batch would overlap.
 */
export function sizedCall(
  where: string,
  call: KernelCall,
  operands: Readonly<Record<string, SizedOperand>>,
): KernelCall {
  const sizes = Object.entries(operands).map(([name, operand]) => {
    return [name, typeof operand === 'number' ? operand : spanOf(where, name, ...operand)] as const;
  });
  return { ...call, elements: Object.fromEntries(sizes) };
}

/** Kernels count elements in u32. */
const MOST_ELEMENTS = 2 ** 32 - 1;

function spanOf(where: string, name: string, shape: Shape, range: OperandRange): number {
  const [batch = 1, ...item] = shape;
  const whole = item.reduce((product, size) => product * size, 1);
  const elements = rangeElements(shape, range);
  if ((batch === 1 || range.batchStride >= whole) && elements <= MOST_ELEMENTS) return elements;
  throw new InfnetError({
    code: 'KERNEL_RANGE',
    message:
      elements > MOST_ELEMENTS
        ? `${name} ${formatShape(shape)} ends at element ${elements}; kernels count to ${MOST_ELEMENTS}`
        : `${name} ${formatShape(shape)} has items of ${whole} elements, but a batchStride of ${range.batchStride}`,
    where,
    fix: 'The batch stride counts elements from the start of an item to that of the next: at least those of one item.',
  });
}
